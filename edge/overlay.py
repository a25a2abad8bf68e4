"""What the edge writes over documents: how old they are while nobody confirms them, and what somebody says by
hand while nothing else can. With another ETag for as long as it does."""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from edge import emergency, feeds
from edge.bodies import Body
from store.emergency import Notice, ready_path
from store.packing import compress

_MARKER = b"<!--notice-->"
_WORDS = re.compile(rb'data-old="([^"]*)"')
_DEFAULT_WORDS = b"This page may be out of date. Last confirmed:"
_EVERY_INCIDENT = "/api/v2/incidents.json"


@dataclass(frozen=True, slots=True)
class Overlay:
    """`as_of`: the last moment at which somebody knew the documents to be current; None where they are.
    `serial`: of the log that `notice` is from."""

    as_of: datetime | None = None
    notice: Notice | None = None
    serial: int = 0

    @property
    def mark(self) -> str:
        """Extends ETags; the same for as long as what is written is."""
        stale = f"-o{int(self.as_of.timestamp()):x}" if self.as_of is not None else ""
        return stale + (f"-e{self.serial:x}" if self.notice is not None else "")

    def with_notice(self, serial: int, notice: Notice) -> "Overlay":
        return replace(self, serial=serial, notice=notice)

    def stand_in(self, path: str) -> str | None:
        """The document that is shown at `path` instead, if the page has it."""
        if self.notice is None or not self.notice.is_open:
            return None
        is_own = path == f"/incidents/{self.notice.id}"
        return ready_path(self.notice.impact, "/" if is_own else path)

    def fits(self, path: str, content_type: str) -> bool:
        if content_type.startswith(("text/html", "application/json")):
            return True
        takes = path in feeds.PATHS or (self._is_ready(path) and content_type.startswith("text/"))
        return self.notice is not None and takes

    def scope(self, path: str) -> str:
        """Documents of the same bytes differ under the overlay where this does."""
        return path if path == _EVERY_INCIDENT else ""

    def over(self, body: Body, digest: str, path: str, content_type: str) -> Body:
        """The document at `path`, with all that there is to say in it, compressed."""
        plain = body.chosen(b"").data
        if content_type.startswith("text/html"):
            plain = self._in_html(plain)
        elif content_type.startswith("application/json"):
            plain = self._in_json(plain, path)
        elif self.notice is not None and path in feeds.PATHS:
            plain = feeds.in_feed(self.notice, plain)
        elif self.notice is not None:
            plain = emergency.in_text(self.notice, plain, markdown=content_type.startswith("text/markdown"))
        return Body(digest, compress(plain), self.mark)

    def _is_ready(self, path: str) -> bool:
        return self.notice is not None and path.startswith(ready_path(self.notice.impact, "-")[:-1])

    def _in_html(self, body: bytes) -> bytes:
        """Time and age in the words that the page has for it, in its language."""
        lines = []
        if self.notice is not None and emergency.stands_in(body):
            body, line = emergency.in_ready_page(self.notice, body)
            lines.append(line)
        elif self.notice is not None:
            lines.append(emergency.line(self.notice))
        if self.as_of is not None:
            found = _WORDS.search(body)
            age = emergency.moment(self.as_of).encode()
            lines.append(b"%b %b" % (found[1] if found else _DEFAULT_WORDS, age))
        notice = b'<p class="notice" id="notice" role="status">%b</p>' % b"<br>".join(lines)
        return body.replace(_MARKER, notice, 1)

    def _in_json(self, body: bytes, path: str) -> bytes:
        """In an object; anything else stays."""
        members: Any = json.loads(body)
        if not isinstance(members, dict):
            return body
        if self.notice is not None:
            emergency.in_json(self.notice, members, listed=path == _EVERY_INCIDENT)
        if self.as_of is not None:
            members["stale_as_of"] = f"{self.as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
