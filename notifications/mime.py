"""A message as bytes with gaps, made once, and one for each recipient by filling them.

Everything is ASCII: headers are encoded words, both bodies quoted-printable. A link is broken at soft line
breaks only, which every reader takes out again, so no relay has a reason to fold it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.header import Header
from email.quoprimime import body_encode
from email.utils import formataddr, formatdate
from uuid import uuid4

from notifications.mail import PLACEHOLDERS, Mail, own_headers

_PLACES = re.compile("(" + "|".join(map(re.escape, PLACEHOLDERS.values())) + ")")
_NAMES = {url: name for name, url in PLACEHOLDERS.items()}
# Lines of quoted-printable have 76 characters at most, and a dot at the beginning grows by two.
_WIDTH = 72
_LONGEST_PLAIN = 900
# An escaped sign stays whole.
_CHUNK = re.compile(rf"(?:=3D|[^=]){{1,{_WIDTH}}}")


class Form:
    """One message for many. It has the date of its making."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        boundary = f"=_{uuid4().hex}"
        self._head = _shared_headers(mail, boundary)
        self._pieces: list[bytes] = []
        self._gaps: list[tuple[int, str]] = []
        self._add(f"--{boundary}\r\n{_part_head('plain')}")
        self._add_encoded(mail.text)
        self._add(f"\r\n--{boundary}\r\n{_part_head('html')}")
        self._add_encoded(mail.html)
        self._add(f"\r\n--{boundary}--\r\n")

    def fill(self, target: str, letter_id: int, links: Mapping[str, str]) -> bytes:
        """The message to `target`, with `links` by name, ready for SMTP: lines end in CRLF, and none begins
        with a dot."""
        own = {"To": target} | own_headers(self.mail, letter_id, dict(links))
        head = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        broken = {name: _broken(url) for name, url in links.items()}
        pieces = self._pieces.copy()
        for place, name in self._gaps:
            pieces[place] = broken[name]
        return b"".join([head.encode("ascii"), self._head, *pieces])

    def _add(self, text: str) -> None:
        self._pieces.append(text.encode("ascii"))

    def _add_encoded(self, text: str) -> None:
        for piece in _PLACES.split(text):
            if piece in _NAMES:
                self._gaps.append((len(self._pieces), _NAMES[piece]))
                self._pieces.append(b"")
            elif piece:
                self._pieces.append(_quoted(piece))


def _words(name: str, value: str) -> str:
    """Text as the header `name` has it: encoded words for what is not plain ASCII, or long."""
    if _is_plain(value):
        return value
    return Header(value, "utf-8", header_name=name).encode(linesep="\r\n")


def _address(name: str, person: str, address: str) -> str:
    if _is_plain(person):
        return formataddr((person, address))
    return f"{_words(name, person)}\r\n <{address}>"


def _is_plain(value: str) -> bool:
    return value.isascii() and "=?" not in value and len(value) < _LONGEST_PLAIN


def _shared_headers(mail: Mail, boundary: str) -> bytes:
    headers = {
        "From": _address("From", mail.sender, mail.address),
        "Subject": _words("Subject", mail.subject),
        "Date": formatdate(),
        "List-Id": _address("List-Id", mail.sender, mail.list_id),
        **mail.headers,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii") + b"\r\n"


def _part_head(subtype: str) -> str:
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )


def _quoted(text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    encoded = body_encode(lines.encode().decode("latin-1"), maxlinelen=_WIDTH, eol="\r\n")
    return re.sub(r"(?m)^\.", "=2E", encoded).encode("ascii")


def _broken(url: str) -> bytes:
    """Between soft line breaks, so that it fits wherever it stands."""
    chunks = _CHUNK.findall(url.replace("=", "=3D"))
    return ("=\r\n" + "=\r\n".join(_undotted(one) for one in chunks) + "=\r\n").encode("ascii")


def _undotted(chunk: str) -> str:
    return f"=2E{chunk[1:]}" if chunk.startswith(".") else chunk
