"""botocore's way to the network, which reaches the open internet alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Timer, local
from typing import Any

from botocore.awsrequest import AWSConnection, AWSHTTPConnectionPool, AWSHTTPSConnectionPool, AWSResponse
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.response import BaseHTTPResponse

from common.egress import look_up


@dataclass(slots=True)
class _Call:
    """What a thread has under way."""

    connections: list[HTTPConnection] = field(default_factory=list)
    over: bool = False

    def cut(self) -> None:
        self.over = True
        for connection in self.connections:
            sock = connection.sock
            if sock is not None:
                with suppress(OSError):
                    # Not the method of a TLS socket, which another thread may be reading from.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


# Bytes of an answer that is no file.
_MOST, _PART = 2**20, 2**16
_REFUSED = 300
_thread = local()


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Cut off whatever this thread asks a server within the block, once it has taken so long: a server that
    sends a byte now and then never runs into a timeout."""
    call = _thread.call = _Call()
    timer = Timer(seconds, call.cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _thread.call = None


class _Guarded(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        call: _Call | None = getattr(_thread, "call", None)
        if call is not None:
            if call.over:
                raise ConnectTimeoutError(self, "too late")
            call.connections.append(self)
        super().request(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        """Dial what was judged: a name may lead elsewhere when it is looked up again."""
        try:
            return _dial(look_up(self._dns_host, self.port), self.port, self.timeout)
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "timed out") from error
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, "not reached") from error


class _GuardedHTTP(AWSConnection, _Guarded):  # type: ignore[misc]
    pass


class _GuardedHTTPS(AWSConnection, _Guarded, HTTPSConnection):  # type: ignore[misc]
    pass


class _Pool(AWSHTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = _GuardedHTTP


class _SecurePool(AWSHTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = _GuardedHTTPS


class GuardedSession(URLLib3Session):  # type: ignore[misc]
    """Knows no proxy of the environment, which would dial in our place, and takes no endless answers."""

    def __init__(self, timeout: tuple[float, float]) -> None:
        super().__init__(timeout=timeout, proxies={})
        self._manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def send(self, request: Any) -> AWSResponse:
        is_read_later, request.stream_output = request.stream_output, True
        answer = super().send(request)
        if not is_read_later or answer.status_code >= _REFUSED:
            # Where botocore finds what it has read itself.
            answer._content = _whole(answer.raw)  # noqa: SLF001
        return answer


def _whole(raw: BaseHTTPResponse) -> bytes:
    """What botocore would read for as long as there is more."""
    parts, size = [], 0
    try:
        for part in raw.stream(_PART):
            parts.append(part)
            size += len(part)
            if size > _MOST:
                raw.close()
                raise HTTPClientError(error="too long an answer")
    except HTTPError as error:
        raise HTTPClientError(error=error) from error
    return b"".join(parts)


def _dial(answers: list[tuple[int, str]], port: int, timeout: float | None) -> socket.socket:
    """A connection to the first of the addresses that takes one."""
    failure: OSError = OSError("no address")
    for family, address in answers:
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.settimeout(timeout)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            found.connect((address, port))
        except OSError as error:
            found.close()
            failure = error
        else:
            return found
    raise failure
