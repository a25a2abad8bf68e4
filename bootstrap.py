"""Makes `.venv` beside this file and installs the pinned requirements into it.

    python3 bootstrap.py         what the service needs to run
    python3 bootstrap.py --dev   what its tests and checks need too

Needs Python 3.11 or newer and nothing else: no pip, no venv package, no compiler. Done in an instant
when nothing has changed since the last time.
"""

# So that an older Python, too, comes as far as saying that it is too old.
from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
# Digests of what has been installed, one a line.
INSTALLED = VENV / "installed"
RUN, DEV = "requirements.txt", "requirements-dev.txt"

OLDEST_PYTHON = (3, 11)
UV = "uv==0.13.8"
# For a Python whose distributor has taken pip's installer out of it, as Debian does.
DEBIAN_WHEELS = Path("/usr/share/python-wheels")
PIP_INDEX = "https://pypi.org/simple/pip/"
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def main() -> None:
    refuse_old_python()
    dev = "--dev" in sys.argv[1:]
    digests = [digest(RUN)] + ([digest(RUN, DEV)] if dev else [])
    if PYTHON.exists() and digests[-1] in installed():
        return
    refuse_read_only()
    if not PYTHON.exists():
        make_venv()
    install(DEV if dev else RUN)
    INSTALLED.write_text("\n".join(digests) + "\n")


def refuse_old_python() -> None:
    if sys.version_info[:2] < OLDEST_PYTHON:
        needed, found = (".".join(map(str, version[:2])) for version in (OLDEST_PYTHON, sys.version_info))
        sys.exit(
            f"This needs Python {needed} or newer; {sys.executable} is {found}. "
            "If a newer one is installed, name it: make run PYTHON=python3.12"
        )


def refuse_read_only() -> None:
    folder = VENV if VENV.exists() else HERE
    if not os.access(folder, os.W_OK):
        sys.exit(
            f"{folder} belongs to another user, so nothing can be installed into it. Run this as that user."
        )


def digest(*names: str) -> str:
    """Changes when a file of that name does, or the Python that it is installed for."""
    content = b"".join((HERE / name).read_bytes() for name in names)
    return hashlib.sha256(content + UV.encode() + str(names).encode()).hexdigest()


def installed() -> list[str]:
    return INSTALLED.read_text().split() if INSTALLED.exists() else []


def make_venv() -> None:
    say(f"Making .venv with {sys.executable} …")
    try:
        import venv
    except ImportError:
        sys.exit("This Python lacks its venv module. On Debian and Ubuntu: apt install python3-venv")
    try:
        # Without pip: it is quicker to get, and some distributors leave its installer out.
        venv.EnvBuilder(clear=True, symlinks=True).create(VENV)
    except OSError as error:
        sys.exit(f"Cannot make {VENV}: {error}")


def install(requirements: str) -> None:
    """Install by uv, which is ten times as quick; by pip where uv cannot be had or does not succeed."""
    say(f"Installing {requirements} …")
    uv = found_uv()
    wanted = ["--quiet", "-r", str(HERE / requirements)]
    if uv and succeeds([*uv, "pip", "install", "--python", str(PYTHON), *wanted]):
        return
    if not succeeds([*pip(), "install", *wanted]):
        sys.exit("The requirements could not be installed; the lines above say why.")


def found_uv() -> list[str] | None:
    """The command of uv, put into .venv where it is not there yet; None where it cannot be had."""
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        succeeds([*pip(), "install", "--quiet", UV])
    return [str(uv)] if uv.exists() else None


def pip() -> list[str]:
    """The command of pip for .venv: its own, or that of a wheel, which runs without being installed."""
    if list(VENV.glob("lib*/python*/site-packages/pip/__main__.py")):
        return [str(PYTHON), "-m", "pip"]
    wheel = bundled_pip() or downloaded_pip()
    return [str(PYTHON), str(wheel / "pip")]


def bundled_pip() -> Path | None:
    """The wheel of pip that comes with Python; None where the distributor has left it out."""
    import importlib.util

    found = importlib.util.find_spec("ensurepip")
    bundled = [Path(found.origin).parent / "_bundled"] if found and found.origin else []
    wheels = [wheel for folder in [*bundled, DEBIAN_WHEELS] for wheel in folder.glob("pip-*.whl")]
    return wheels[0] if wheels else None


def downloaded_pip() -> Path:
    """The wheel of pip from PyPI, checked; exits with advice where it cannot be had."""
    wheel = VENV / PIP_WHEEL
    if not wheel.exists():
        content = fetch_pip()
        if hashlib.sha256(content).hexdigest() != PIP_SHA256:
            sys.exit(f"What {PIP_INDEX} gave as {PIP_WHEEL} is not what was released.")
        wheel.write_bytes(content)
    return wheel


def fetch_pip() -> bytes:
    import re
    from urllib.parse import urljoin
    from urllib.request import urlopen

    try:
        index = urlopen(PIP_INDEX, timeout=60).read().decode()
        link = re.findall(rf'href="([^"#]*{re.escape(PIP_WHEEL)})', index)[0]
        return bytes(urlopen(urljoin(PIP_INDEX, link), timeout=60).read())
    except (OSError, IndexError) as error:
        sys.exit(
            f"This Python comes without pip, and {PIP_INDEX} does not give it ({error}). "
            "Install it (on Debian and Ubuntu: apt install python3-venv) and try again."
        )


def succeeds(command: list[str]) -> bool:
    import subprocess

    settings = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_WARN_SCRIPT_LOCATION="1")
    # Another environment that is active must not draw the packages to itself.
    settings.pop("VIRTUAL_ENV", None)
    return subprocess.run(command, env=settings, cwd=str(HERE), check=False).returncode == 0


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
