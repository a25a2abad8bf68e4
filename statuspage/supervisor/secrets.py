import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from statuspage.supervisor.files import write_whole


def token() -> str:
    """256 random bits in characters that are safe in URLs and configuration files."""
    return secrets.token_urlsafe(32)


def password() -> str:
    """About 80 random bits in four groups that a person can type: `k3m9-…`; no look-alike characters."""
    groups = ("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def secret(path: Path, make: Callable[[], str] = token) -> str:
    """The secret in the file at `path`, made by `make` the first time. Only the file's owner may read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        write_whole(path, make())
    elif stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
    return path.read_text(encoding="utf-8").strip()
