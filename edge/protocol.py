"""uvicorn's HTTP with a short way: what is ready is written at once, without a task or a scope of its own.

`uvicorn --http edge.protocol:Protocol`. Everything else goes uvicorn's way, and so does all without it.
"""

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from edge.ready import SHELF, Ready, Shelf
from edge.request import KEY, LARGEST_HEADERS, MOST_HEADERS, Key
from edge.stream_line import LINE
from edge.streams import PATH as EVENTS

# Bytes of a head that has not ended yet; uvicorn itself would read on for ever.
_LARGEST_HEAD = 32_768
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_KEYS = (b"host", b"accept-encoding", b"if-none-match", b"accept")
# A request with a body, or one for another protocol.
_MORE = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade"))
_READ = _MORE.union(_KEYS)
# In the place of uvicorn's own where nothing has gone the long way yet.
_NO_CYCLE: Any = SimpleNamespace(response_complete=True, message_event=asyncio.Event())


class Protocol(HttpToolsProtocol):
    """One connection."""

    _unfinished = 0
    _had = b""

    def data_received(self, data: bytes) -> None:
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > _LARGEST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_body(self, body: bytes) -> None:
        self._unfinished = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        key = self._key() if self._unfinished < LARGEST_HEADERS else None
        self._unfinished = 0
        shelf: Shelf | None = self.app_state.get(SHELF)
        ready = shelf.find(key) if shelf is not None and key is not None and self._is_free() else None
        if ready is not None:
            self._write(ready)
        else:
            # An answer before this one, written at once, may have set it.
            self._unset_keepalive_if_required()
            state = self.scope["state"]
            state[KEY] = key
            super().on_headers_complete()
            if self.url.startswith(EVENTS.encode()):
                state[LINE] = _Line(self, self.cycle)

    def _key(self) -> Key | None:
        """What decides the answer; None where more does than a key holds."""
        if self.parser.get_method() != b"GET" or b"?" in self.url or len(self.headers) > MOST_HEADERS:
            return None
        read = [header for header in self.headers if header[0] in _READ]
        found = dict(read)
        if len(found) < len(read) or not _MORE.isdisjoint(found):
            return None
        if b"markdown" in found.get(b"accept", b"").lower():
            return None
        self._had = found.get(b"if-none-match", b"")
        return found.get(b"host", b""), self.url, found.get(b"accept-encoding", b"")

    def _is_free(self) -> bool:
        """Whether nothing is under way on this connection, nor waits to be sent, and it is to stay open."""
        return (
            (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and self.parser.should_keep_alive()
            and not self.transport.is_closing()
        )

    def _write(self, ready: Ready) -> None:
        if self.cycle is None:
            self.cycle = _NO_CYCLE
        end = _end(tuple(self.server_state.default_headers))
        if ready.is_had(self._had):
            self.transport.writelines((ready.unchanged, end))
        else:
            self.transport.writelines((ready.head, end, ready.body))
        self.on_response_complete()


@dataclass(frozen=True, slots=True)
class _Line:
    """The connection of a request, for whoever answers that."""

    protocol: Protocol
    cycle: Any

    @property
    def transport(self) -> asyncio.Transport:
        return self.protocol.transport

    def may_be_given(self) -> bool:
        """Whether the client takes what it is sent: whoever gets the connection would not hear of it."""
        return not self.protocol.flow.write_paused and not self.transport.is_closing()

    def hand_over(self, to: asyncio.Protocol) -> None:
        """Let `to` have the connection, of whose answer the head was sent; nothing of it is left here, and
        what was asked behind it gets no answer."""
        self.cycle.response_complete = True
        self.protocol.connections.discard(self.protocol)
        self.protocol.pipeline.clear()
        self.protocol.flow.resume_reading()
        self.protocol.parser = None  # type: ignore[assignment]
        self.transport.set_protocol(to)


@lru_cache(maxsize=2)
def _end(defaults: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """uvicorn's own headers, of which Date is another each second, and the empty line."""
    return b"".join(b"%b: %b\r\n" % header for header in defaults) + b"\r\n"
