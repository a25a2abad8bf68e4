"""Golden files: what something looks like, kept to be compared and, in review, to be read.

`make snapshots` writes them anew; `git diff` then shows what changed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent / "golden"


class Golden:
    def __init__(self, update: bool) -> None:
        self.update = update

    def check(self, name: str, content: str) -> None:
        """Fails where `content` is not what the file `name` holds."""
        file = FOLDER / name
        if self.update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        assert file.exists(), f"{name} is missing: make snapshots"
        assert content == file.read_text(), f"{name} differs: make snapshots, then look at git diff"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(bool(request.config.getoption("--snapshot-update")))
