"""Which encoding a request gets, and whether it has it already (RFC 9110, 12.5.3 and 13.1.2)."""

from functools import lru_cache

IDENTITY = "identity"
_ALIASES = {"x-gzip": "gzip"}


@lru_cache(maxsize=4096)
def choose(accept: bytes, kept: tuple[str, ...]) -> str:
    """The encoding of `kept` (smallest first, identity among them) that Accept-Encoding likes best."""
    weights = _weights(accept)
    others = weights.get("*", 0.0)
    best = max(kept, key=lambda name: weights.get(name, others if name != IDENTITY else 0.0))
    return best if weights.get(best, others) > 0 else IDENTITY


def _weights(accept: bytes) -> dict[str, float]:
    weights = {}
    for part in accept.decode("latin-1").lower().split(","):
        name, _, parameters = part.strip().partition(";")
        if name:
            weights[_ALIASES.get(name.strip(), name.strip())] = _quality(parameters)
    return weights


def _quality(parameters: str) -> float:
    name, equals, value = parameters.strip().partition("=")
    if not equals:
        return 1.0 if not name else 0.0
    try:
        quality = float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


def matches(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the header names `etag`. A cache on the way may have made it weak."""
    wanted = if_none_match.strip()
    return wanted == b"*" or any(tag.strip().removeprefix(b"W/") == etag for tag in wanted.split(b","))
