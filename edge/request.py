"""The few things of a request that decide its answer, and the limits that it must keep."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# Host, target and Accept-Encoding as they were sent, and under which name of a request's state they are.
Key = tuple[bytes, bytes, bytes]
KEY = "edge.key"

LONGEST_TARGET = 2048
MOST_HEADERS = 100
LARGEST_HEADERS = 16_384
_LONGEST_PORT = 5


@dataclass(slots=True)
class Request:
    """`host` is lower-case and without port; `path` is decoded, `query` is not. `key`: where the server keeps
    answers to this very request, if it does. `authority` is the Host header, and `target` the path with the
    query, as they were sent."""

    method: str
    host: str
    path: str
    query: bytes
    accept: bytes
    accept_encoding: bytes
    if_none_match: bytes
    key: Key | None
    authority: bytes
    target: bytes


def read(scope: Scope) -> Request:
    accept = accept_encoding = if_none_match = host = b""
    for name, value in scope["headers"]:
        if name == b"host":
            host = value
        elif name == b"accept":
            accept = accept or value
        elif name == b"accept-encoding":
            accept_encoding = value if not accept_encoding else accept_encoding + b"," + value
        elif name == b"if-none-match":
            if_none_match = value if not if_none_match else if_none_match + b"," + value
    return Request(
        scope["method"],
        hostname(host),
        scope["path"],
        scope["query_string"],
        accept,
        accept_encoding,
        if_none_match,
        scope.get("state", {}).get(KEY),
        host,
        target_of(scope),
    )


def refusal(scope: Scope) -> int:
    """The status that refuses a request which is too large, or names several hosts (RFC 9112, 3.2); or 0."""
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > LONGEST_TARGET:
        return 414
    headers = scope["headers"]
    if (
        len(headers) > MOST_HEADERS
        or sum([len(name) + len(value) for name, value in headers]) > LARGEST_HEADERS
    ):
        return 431
    return 400 if [name for name, _value in headers].count(b"host") > 1 else 0


def target_of(scope: Scope) -> bytes:
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return path + b"?" + scope["query_string"] if scope["query_string"] else path


def port_of(authority: bytes) -> bytes:
    """`:8000`, or nothing where no port is named."""
    port = authority.rpartition(b"]")[2].partition(b":")[2]
    return b":" + port if port.isdigit() and len(port) <= _LONGEST_PORT else b""


def hostname(header: bytes) -> str:
    name = header.decode("latin-1").lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0].removesuffix(".")
