"""What the Host header decides: which page is asked, or what is answered without asking one."""

from urllib.parse import parse_qs

from edge import answers
from edge.answers import Answer
from edge.request import Request, port_of
from store import HostEntry, Hosts

API = "/api/v2/"
# What only Django answers on page hosts: it needs the database.
_ELSEWHERE = ("/subscriptions/", "/api/v2/subscribers", "/api/v2/subscriptions/")
_ALIAS = "alias"
# Where a proxy that gets certificates by itself asks first whether a host is one of ours.
TLS_ASK = "/tls-ask"


def asked_host(hosts: Hosts, request: Request) -> HostEntry | Answer | None:
    """The published page that is asked; else the answer, or None for what is the fallback's."""
    host = hosts.entries.get(request.host)
    if host is None and request.path == TLS_ASK:
        return _served(hosts, request.query)
    if host is None or not host.published:
        return answers.UNKNOWN_HOST
    if request.method == "OPTIONS" and request.path.startswith(API) and not is_elsewhere(request.path):
        return answers.PREFLIGHT
    if host.kind == _ALIAS and host.primary != request.host:
        return _moved(host, request)
    if is_elsewhere(request.path):
        return None
    return host if request.method in {"GET", "HEAD"} else answers.NOT_ALLOWED


def _served(hosts: Hosts, query: bytes) -> Answer:
    """Whether `domain` of the query is a host of a page, launched or not."""
    named = parse_qs(query.decode("latin-1")).get("domain", [""])
    return answers.SERVED if named[0].lower().rstrip(".") in hosts.entries else answers.UNKNOWN_HOST


def is_elsewhere(path: str) -> bool:
    return path.startswith(_ELSEWHERE)


def alone(path: str) -> Answer:
    """The answer to what only the fallback could answer, where there is none."""
    if not is_elsewhere(path):
        return answers.preparing(path)
    return answers.ELSEWHERE_JSON if path.startswith("/api/") else answers.ELSEWHERE


def _moved(host: HostEntry, request: Request) -> Answer:
    """To the page's canonical host, for good: same scheme and port, path and query."""
    location = b"//" + host.primary.encode() + port_of(request.authority) + request.target
    return answers.moved(location, host.page_id)
