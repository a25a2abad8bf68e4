"""What the documents say is there, is there."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from outbox.registry import Lane
from tests.repository.tree import ROOT, files, place, product, tree

DOCUMENTS = [path for path in files(".md") if "fixtures" not in path.parts]
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
_READERS = {"text", "boolean", "integer", "decimal", "words", "prices", "is_given", "mail_providers", "texts"}
# Parameters of the readers themselves that name a setting.
_SETTING = re.compile(r"[A-Z][A-Z_]{3,}")


def every(pattern: str) -> dict[str, set[str]]:
    """What the pattern finds in the documents -> where."""
    found: dict[str, set[str]] = {}
    for path in DOCUMENTS:
        for match in re.findall(pattern, path.read_text(encoding="utf-8")):
            found.setdefault(match, set()).add(place(path))
    return found


def missing(named: dict[str, set[str]], known: set[str]) -> dict[str, set[str]]:
    return {name: where for name, where in named.items() if name not in known}


@pytest.mark.parametrize("document", DOCUMENTS, ids=place)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = {one or other for one, other in _LINK.findall(text)}
    ours = {link.partition("#")[0] for link in links if "://" not in link and not link.startswith("#")}
    assert {link for link in ours if not (document.parent / link).exists()} == set()


def test_anchors_exist() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        headings = {_anchor(heading) for heading in re.findall(r"(?m)^#+ (.+)$", text)}
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) - headings == set(), document


def test_files_that_are_named_exist() -> None:
    """Paths in backticks, such as `statuspage/settings.py`."""
    named = every(r"`((?:[a-z_.0-9-]+/)+[a-z_0-9-]+\.(?:py|md|txt|toml|yaml|gz))`")
    assert {name: where for name, where in named.items() if not (ROOT / name).exists()} == {}


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    assert missing(every(r"`make ([a-z-]+)") | every(r"(?m)^make ([a-z-]+)"), targets) == {}


def test_management_commands_exist() -> None:
    assert missing(every(r"manage\.py ([a-z_]+)"), set(get_commands())) == {}


def test_every_setting_is_described() -> None:
    """docs/operating.md has a row for each variable that is read, and for no other."""
    rows = re.findall(r"(?m)^\| `([A-Z_]+)`", (ROOT / "docs" / "operating.md").read_text())
    assert sorted(rows) == sorted(set(rows))
    assert set(rows) == settings_read()


def test_the_example_of_the_environment_names_settings() -> None:
    example = (ROOT / "docs" / "examples" / "statuspage.env").read_text()
    named = {name.removesuffix("_FILE") for name in re.findall(r"(?m)^([A-Z_]+)=", example)}
    assert named <= settings_read()


@pytest.mark.parametrize("unit", sorted((ROOT / "docs" / "examples").glob("*.service")), ids=place)
def test_units_start_what_is_here(unit: Path) -> None:
    """The lanes that the worker serves, the application that a web server serves, the command."""
    command = re.findall(r"(?m)^ExecStart=(.+)$", unit.read_text())[0]
    lanes = re.findall(r"-Q (\S+)", command)
    assert lanes in ([], [",".join(Lane)])
    assert all(find_spec(name) for name in re.findall(r"([a-z.]+):application", command))
    assert set(re.findall(r"manage\.py (\w+)", command)) <= set(get_commands())


def settings_read() -> set[str]:
    """Names in calls of the environment's readers, as defaults of their parameters, and in os.environ."""
    found: set[str] = set()
    for path in product():
        for node in ast.walk(tree(path)):
            found |= _named(node)
    return found


def _named(node: ast.AST) -> set[str]:
    candidates: list[ast.expr] = []
    if isinstance(node, ast.Call) and _called(node) in _READERS:
        candidates = node.args
    elif isinstance(node, ast.FunctionDef) and _reads(node):
        candidates = node.args.defaults
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
        candidates = [node.slice]
    values = (one.value for one in candidates if isinstance(one, ast.Constant))
    return {value for value in values if isinstance(value, str) and _SETTING.fullmatch(value)}


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _reads(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Call) and _called(node) in _READERS for node in ast.walk(function))


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def test_the_release_is_that_of_the_changelog() -> None:
    newest = re.findall(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text())[0]
    assert re.fullmatch(r"\d+\.\d+\.\d+", newest)
    assert newest == settings.RELEASE
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == newest
