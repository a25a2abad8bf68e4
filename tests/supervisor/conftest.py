from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services import any_port
from tests.supervisor.runs import OURSELVES, As, Run


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """A folder whose name is as awkward as people's are."""
    return tmp_path / "my stätus pages" / "var"


@pytest.fixture
def start(var: Path) -> Iterator[Callable[..., Run]]:
    """Start a supervisor over `var`; what still runs at the end of the test is stopped."""
    runs: list[Run] = []

    def begin(folder: Path = var, who: As = OURSELVES, **settings: str) -> Run:
        runs.append(Run(folder, settings, any_port(), who))
        return runs[-1]

    yield begin
    for run in runs:
        run.stop()
