"""Where an edge of its own finds the store: STORE_DIR and STORE_REDIS_URL, or database 1 of REDIS_URL."""

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


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


def store_dir() -> Path:
    return Path(text("STORE_DIR", "var/store"))


def store_redis_url() -> str:
    """Empty where there is no Redis."""
    base = text("REDIS_URL")
    return text("STORE_REDIS_URL", urlunsplit((*urlsplit(base)[:2], "/1", "", "")) if base else "")
