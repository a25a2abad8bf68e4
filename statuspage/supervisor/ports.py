import json
import socket
from collections.abc import Iterable
from pathlib import Path

from statuspage.supervisor.errors import StartError
from statuspage.supervisor.files import write_whole

# From here up systems hand out ports to outgoing connections, so one that is free now may not stay so.
FIRST_EPHEMERAL = 32768


def is_free(port: int) -> bool:
    """Whether nothing listens on `port` of this machine's loopback and we may listen there."""
    return not _answers("127.0.0.1", port) and not _answers("::1", port) and _can_bind(port)


def free_port(preferred: int, taken: Iterable[int] = ()) -> int:
    """`preferred`, or the next higher port that is free and not in `taken`."""
    refused = set(taken)
    for port in range(preferred, FIRST_EPHEMERAL):
        if port not in refused and is_free(port):
            return port
    message = f"No free port between {preferred} and {FIRST_EPHEMERAL - 1}."
    raise StartError(message)


class Ports:
    """Ports by name, kept in a file so that they stay the same from run to run."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.by_name: dict[str, int] = _read(file)

    def get(self, name: str, preferred: int) -> int:
        """The port that `name` had before, while it is free; else the next free one from `preferred`."""
        port = self.by_name.get(name)
        return port if port and is_free(port) else self.get_fresh(name, preferred)

    def get_fresh(self, name: str, preferred: int) -> int:
        """The next free port from `preferred` that no other name has, whatever `name` had before."""
        others = [port for other, port in self.by_name.items() if other != name]
        self.by_name[name] = free_port(preferred, others)
        write_whole(self.file, json.dumps(self.by_name))
        return self.by_name[name]


def _read(file: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(file.read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _can_bind(port: int) -> bool:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
