"""What the children say: to the terminal, each line under its name, and to a file per child."""

import contextlib
import os
import sys
import threading
from collections import deque
from pathlib import Path
from typing import IO

ROTATE_BYTES = 5_000_000
COLOURS = (36, 33, 32, 35, 34, 31)
NAME_WIDTH = 8


class Output:
    """Where the lines of all children go: a file per child in `folder`, and the terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.colours: dict[str, int] = {}
        self.coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def follow(self, name: str, stream: IO[bytes], *, echo: bool) -> "Follower":
        """Read the child's lines from now on; with `echo` the terminal gets them too."""
        self.colours.setdefault(name, COLOURS[len(self.colours) % len(COLOURS)])
        return Follower(self, name, stream, echo)

    def show(self, name: str, line: str) -> None:
        label = f"{name:<{NAME_WIDTH}} |"
        if self.coloured:
            label = f"\033[{self.colours[name]}m{label}\033[0m"
        self.say(f"{label} {line}")

    def say(self, text: str) -> None:
        """Print for the person at the terminal; one who has closed it does not stop us."""
        with self.lock, contextlib.suppress(OSError):
            print(text, flush=True)


class Follower(threading.Thread):
    """Reads one child's output to its end. `tail` keeps the last lines, to explain a failure."""

    def __init__(self, output: Output, name: str, stream: IO[bytes], echo: bool) -> None:
        super().__init__(name=f"output of {name}", daemon=True)
        self.output = output
        self.child = name
        self.stream = stream
        self.echo = echo
        self.tail: deque[str] = deque(maxlen=15)
        self.start()

    def run(self) -> None:
        path = self.output.folder / f"{self.child}.log"
        _rotate(path)
        with path.open("ab") as log, self.stream:
            for raw in self.stream:
                log.write(raw)
                log.flush()
                self._take(raw.decode("utf-8", "replace").rstrip())

    def _take(self, line: str) -> None:
        self.tail.append(line)
        if self.echo:
            self.output.show(self.child, line)


def _rotate(path: Path) -> None:
    """Keep one older file beside a fresh one, once it has grown large."""
    if path.exists() and path.stat().st_size > ROTATE_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
