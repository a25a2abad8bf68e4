"""On whose behalf a command runs: PostgreSQL refuses to run as root, people still start us as root."""

import functools
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from statuspage.supervisor.errors import StartError

LAUNCH = Path(__file__).with_name("launch.py")
ON_LINUX = sys.platform == "linux"


@dataclass(frozen=True)
class Owner:
    """Whom a command runs as. `flags` go to launch.py; `user` is the numeric id that files must have."""

    flags: tuple[str, ...]
    user: int

    def launch(self, command: Sequence[str], parent_died: signal.Signals = signal.SIGTERM) -> list[str]:
        """`command` such that it runs as this owner; on Linux it gets `parent_died` when we die."""
        if not ON_LINUX:
            return list(command)
        interpreter = [sys.executable, "-I", "-S", str(LAUNCH)]
        return [*interpreter, *self.flags, str(int(parent_died)), *command]


def ourselves() -> Owner:
    return Owner((), os.geteuid())


def someone_else(user: int) -> Owner:
    """The user with the numeric id `user`; only root can run a command as somebody else."""
    try:
        group = pwd.getpwuid(user).pw_gid
    except KeyError as error:
        message = f"No user has the id {user}, so PostgreSQL cannot run on their behalf."
        raise StartError(message) from error
    return Owner(("--user", f"{user}:{group}"), user)


def unprivileged_owner(directory: Path) -> Owner:
    """Who runs PostgreSQL over the data in `directory`, which need not exist yet: never root."""
    keeper = directory.stat().st_uid if directory.exists() else None
    if os.geteuid() != 0:
        return _ordinary_user(directory, keeper)
    if keeper:
        return someone_else(keeper)
    if ON_LINUX and _namespaces_work():
        return Owner(("--namespace",), 0)
    if ON_LINUX and keeper is None:
        return someone_else(pwd.getpwnam("nobody").pw_uid)
    message = "PostgreSQL refuses to run as root. Run this as an ordinary user, or set DATABASE_URL."
    raise StartError(message)


def _ordinary_user(directory: Path, keeper: int | None) -> Owner:
    if keeper in (None, os.geteuid()):
        return ourselves()
    message = (
        f"{directory} belongs to another user (id {keeper}). Run this as that user, or remove the folder."
    )
    raise StartError(message)


@functools.cache
def _namespaces_work() -> bool:
    command = Owner(("--namespace",), 0).launch([sys.executable, "-I", "-S", "-c", ""])
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
