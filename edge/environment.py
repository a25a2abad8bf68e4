"""What an edge reads from the environment: where the store is, how many streams there may be, how long it
goes unconfirmed, and what emergency notices are signed with."""

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from edge.heart import STALE_AFTER
from edge.streams import Limits
from store.emergency import derived


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `<name>_FILE` names."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, default)
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        message = f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
        raise SystemExit(message) from error


def integer(name: str, default: int) -> int:
    value = text(name, str(default)).strip()
    if not value.isdecimal():
        message = f"{name} must be a whole number, not {value!r}."
        raise SystemExit(message)
    return int(value)


def store_dir() -> Path:
    return Path(text("STORE_DIR", "var/store"))


def store_redis_url() -> str:
    """STORE_REDIS_URL, or database 1 of REDIS_URL; empty where there is no Redis."""
    base = text("REDIS_URL")
    return text("STORE_REDIS_URL", urlunsplit((*urlsplit(base)[:2], "/1", "", "")) if base else "")


def limits() -> Limits:
    return Limits(
        streams=integer("EVENT_STREAMS", Limits.streams),
        per_address=integer("EVENT_STREAMS_PER_ADDRESS", Limits.per_address),
    )


def stale_after() -> int:
    """Seconds after the last heartbeat from which on documents say how old they are."""
    return integer("STALE_AFTER", STALE_AFTER)


def emergency_key() -> str:
    """What emergency notices are checked with; empty where this edge knows no secret."""
    secret = text("SECRET_KEY")
    return text("EMERGENCY_KEY") or (derived(secret) if secret else "")
