"""What the edge writes over documents while nobody confirms them: how old they are, and another ETag."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edge.bodies import Body
from store.packing import compress

_MARKER = b"<!--notice-->"
_WORDS = re.compile(rb'data-old="([^"]*)"')
_DEFAULT_WORDS = b"This page may be out of date. Last confirmed:"


@dataclass(frozen=True, slots=True)
class Overlay:
    """`as_of`: the last moment at which somebody knew the documents to be current."""

    as_of: datetime

    @property
    def mark(self) -> str:
        """Extends ETags; the same for as long as `as_of` is."""
        return f"-o{int(self.as_of.timestamp()):x}"

    def fits(self, content_type: str) -> bool:
        return content_type.startswith(("text/html", "application/json"))

    def over(self, body: Body, digest: str, content_type: str) -> Body:
        """The body with the notice in it, compressed."""
        plain = body.chosen(b"").data
        change = self._in_html if content_type.startswith("text/html") else self._in_json
        return Body(digest, compress(change(plain)), self.mark)

    def _in_html(self, body: bytes) -> bytes:
        """In the words that the page has for it, in its language. Its time is in none."""
        found = _WORDS.search(body)
        words = found[1] if found else _DEFAULT_WORDS
        shown = f"{self.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        time = f'<time datetime="{self._moment()}" data-rel>{shown}</time>'
        notice = b'<p class="notice" id="notice" role="status">%b %b</p>' % (words, time.encode())
        return body.replace(_MARKER, notice, 1)

    def _in_json(self, body: bytes) -> bytes:
        """One member more, `stale_as_of`, in an object; anything else stays."""
        members: Any = json.loads(body)
        if not isinstance(members, dict):
            return body
        members["stale_as_of"] = self._moment()
        return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()

    def _moment(self) -> str:
        return f"{self.as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
