"""bootstrap.py with a stand-in for uv, so that nothing is fetched."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
UV = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done >> "$(dirname "$0")/calls"
echo . >> "$(dirname "$0")/count"
exit 0
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder é"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / ".venv" / "bin" / "uv").write_text(UV)
    (folder / ".venv" / "bin" / "uv").chmod(0o755)
    shutil.copy(ROOT / "bootstrap.py", folder)
    (folder / "requirements.txt").write_text("one==1\n")
    (folder / "requirements-dev.txt").write_text("-r requirements.txt\ntwo==2\n")
    return folder


def bootstrap(checkout: Path, *arguments: str) -> str:
    command = [sys.executable, str(checkout / "bootstrap.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout


def installs(checkout: Path) -> int:
    file = checkout / ".venv" / "bin" / "count"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_requirements_are_installed_once(checkout: Path) -> None:
    assert bootstrap(checkout) == "Installing requirements.txt …\n"
    words = (checkout / ".venv" / "bin" / "calls").read_text().splitlines()
    assert words[-1] == str(checkout / "requirements.txt")
    assert str(checkout / ".venv" / "bin" / "python") in words
    assert bootstrap(checkout) == ""
    assert installs(checkout) == 1


def test_a_changed_pin_is_installed(checkout: Path) -> None:
    bootstrap(checkout)
    (checkout / "requirements.txt").write_text("one==2\n")
    bootstrap(checkout)
    assert installs(checkout) == 2


def test_what_tests_need_includes_what_running_needs_but_not_the_other_way(checkout: Path) -> None:
    bootstrap(checkout)
    assert bootstrap(checkout, "--dev") == "Installing requirements-dev.txt …\n"
    assert bootstrap(checkout) == bootstrap(checkout, "--dev") == ""
    (checkout / "requirements-dev.txt").write_text("-r requirements.txt\ntwo==3\n")
    assert bootstrap(checkout) == ""
    assert bootstrap(checkout, "--dev") != ""


def test_an_interrupted_install_is_done_again(checkout: Path) -> None:
    (checkout / ".venv" / "bin" / "uv").write_text("#!/bin/sh\nkill -9 $PPID\n")
    with pytest.raises(subprocess.CalledProcessError):
        bootstrap(checkout)
    (checkout / ".venv" / "bin" / "uv").write_text(UV)
    assert bootstrap(checkout) == "Installing requirements.txt …\n"
    assert installs(checkout) == 1
