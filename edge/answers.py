"""Answers: their headers, and the few pages that the edge has of its own."""

import base64
import hashlib
import json
from dataclasses import dataclass
from html import escape

from edge.request import Send

Headers = list[tuple[bytes, bytes]]

FRESH = b"public, max-age=10, s-maxage=30, stale-while-revalidate=86400, stale-if-error=604800"
FOREVER = b"public, max-age=31536000, immutable"
BRIEFLY = b"public, max-age=10"
NEVER = b"no-store"
OWN = b"private, no-store"

_POLICY = (
    "default-src 'none'; style-src {styles}; script-src {scripts}; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {frames}"
)


def _policy(styles: str = "'self'", scripts: str = "'self'", frames: str = "'none'") -> tuple[bytes, bytes]:
    policy = _POLICY.format(styles=styles, scripts=scripts, frames=frames)
    return b"content-security-policy", policy.encode()


def _by_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_NO_FRAME = (b"x-frame-options", b"DENY")
_GUARDS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    # Badges and JSON are there to be used by other sites.
    (b"cross-origin-resource-policy", b"cross-origin"),
]
GUARDS: Headers = [_policy(), _NO_FRAME, *_GUARDS]
# Of the one document that is made for frames of other sites.
FRAMED: Headers = [_policy(frames="*"), *_GUARDS]

_STYLE = """
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f6f7f9;color:#1b1f24;
font:1.0625rem/1.6 system-ui,sans-serif}
main{max-width:32rem;margin:1.5rem;padding:2.5rem;background:#fff;border-radius:12px;
box-shadow:0 1px 3px #0000001f,0 8px 24px #0000000f}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25}
p{margin:0;color:#4b5563}
i{display:block;height:2.75rem;margin-top:1rem;border-radius:8px;background:#e9ecf0}
i+i{height:1rem}i+i+i{width:60%}
@media(prefers-color-scheme:dark){body{background:#0f1216;color:#e8eaed}main{background:#1a1f26}
p{color:#aab2bd}i{background:#262d36}}
"""
_BARS = "<i></i><i></i><i></i>"
# Looks whether the document is there by now, less often each time; scripts do not see the other refresh.
_SCRIPT = """(function look(pause){setTimeout(function(){
fetch(location.href,{cache:"no-store"})
.then(function(found){return found.status===503},function(){return true})
.then(function(wait){if(wait)look(Math.min(pause*1.5,15000));else location.reload()})
},pause*(.75+Math.random()/2))})(1000)"""
_REFRESH = f'<noscript><meta http-equiv="refresh" content="5"></noscript><script>{_SCRIPT}</script>'
_OWN_GUARDS: Headers = [_policy(_by_hash(_STYLE), _by_hash(_SCRIPT)), _NO_FRAME, *_GUARDS]
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style>{more}</head>
<body><main><h1>{title}</h1><p>{text}</p>{bars}</main></body></html>
"""


@dataclass(slots=True)
class Answer:
    status: int
    headers: Headers
    body: bytes


async def answer(send: Send, found: Answer, *, head: bool = False) -> None:
    await send({"type": "http.response.start", "status": found.status, "headers": found.headers})
    await send({"type": "http.response.body", "body": b"" if head else found.body})


def _own(
    status: int, title: str, text: str, cache: bytes, *, retry_after: int = 0, completes: bool = False
) -> Answer:
    """`completes`: the page asks by itself whether there is more."""
    more, bars = (_REFRESH, _BARS) if completes else ("", "")
    body = _PAGE.format(title=escape(title), text=escape(text), style=_STYLE, more=more, bars=bars)
    return _complete(status, b"text/html; charset=utf-8", body.encode(), cache, retry_after)


def _complete(status: int, content_type: bytes, body: bytes, cache: bytes, retry_after: int = 0) -> Answer:
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", cache),
        *_OWN_GUARDS,
    ]
    if retry_after:
        headers.append((b"retry-after", str(retry_after).encode()))
    return Answer(status, headers, body)


def refusing(published: Answer) -> Answer:
    """A page's own document as an answer that says: not now. Nobody keeps it."""
    kept = [(name, value) for name, value in published.headers if name not in (b"cache-control", b"etag")]
    headers = [*kept, (b"cache-control", NEVER), (b"retry-after", b"60")]
    return Answer(published.status, headers, published.body)


UNKNOWN_HOST = _own(404, "No status page here", "There is no status page at this address.", BRIEFLY)
NOT_FOUND = _own(404, "Page not found", "There is nothing at this address.", BRIEFLY)
_SOON = 2
PREPARING = _own(
    503,
    "This page is on its way",
    "It will appear here by itself in a moment.",
    NEVER,
    retry_after=_SOON,
    completes=True,
)
_PREPARING_JSON = _complete(
    503,
    b"application/json; charset=utf-8",
    json.dumps({"error": "This document is on its way. Ask again in a moment."}).encode(),
    NEVER,
    _SOON,
)
_PREPARING_JSON.headers.append((b"access-control-allow-origin", b"*"))
_PREPARING_TEXT = _complete(
    503, b"text/plain; charset=utf-8", b"This document is on its way. Ask again in a moment.\n", NEVER, _SOON
)
ELSEWHERE = _own(
    503,
    "Not available right now",
    "Subscriptions cannot be changed at the moment. The status page itself is up to date. "
    "Please try again in a few minutes.",
    NEVER,
    retry_after=60,
)
ELSEWHERE_JSON = _complete(
    503,
    b"application/json; charset=utf-8",
    json.dumps({"error": "Subscriptions cannot be changed at the moment."}).encode(),
    NEVER,
    retry_after=60,
)
NOT_ALLOWED = _complete(405, b"text/plain; charset=utf-8", b"Only GET and HEAD are answered here.\n", NEVER)
NOT_ALLOWED.headers.append((b"allow", b"GET, HEAD"))
SERVED = _complete(200, b"text/plain; charset=utf-8", b"ok\n", NEVER)
ENOUGH = _complete(429, b"text/plain; charset=utf-8", b"Too many streams from one address.\n", NEVER, 60)
NO_ROOM = _complete(503, b"text/plain; charset=utf-8", b"There is no room for another stream.\n", NEVER, 60)
PREFLIGHT = Answer(
    204,
    [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
        (b"access-control-allow-headers", b"*"),
        (b"access-control-max-age", b"86400"),
        (b"cache-control", b"public, max-age=86400"),
    ],
    b"",
)
REFUSED = {
    400: _complete(400, b"text/plain; charset=utf-8", b"A request names one host.\n", NEVER),
    414: _complete(414, b"text/plain; charset=utf-8", b"The address is too long.\n", NEVER),
    431: _complete(431, b"text/plain; charset=utf-8", b"The request's headers are too large.\n", NEVER),
}


def preparing(path: str) -> Answer:
    """What is said, in a form that fits the path, while a document is made."""
    if path.endswith(".json") or path.startswith("/api/"):
        return _PREPARING_JSON
    return _PREPARING_TEXT if "." in path.rpartition("/")[2] else PREPARING


def moved(location: bytes, page_id: str) -> Answer:
    """308: method and body go along. Scripts of other sites may follow."""
    headers = [
        (b"location", location),
        (b"content-length", b"0"),
        (b"cache-control", BRIEFLY),
        (b"access-control-allow-origin", b"*"),
        *labels(page_id),
        *GUARDS,
    ]
    return Answer(308, headers, b"")


def labels(page_id: str) -> Headers:
    """By which caches in front purge all that belongs to a page."""
    label = b"page-" + page_id.encode()
    return [(b"surrogate-key", label), (b"cache-tag", label)]
