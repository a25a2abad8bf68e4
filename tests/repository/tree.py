"""The files of this repository, as its tests look at them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_NOT_OURS = {"var", "vendor", "node_modules"}


def files(*suffixes: str) -> list[Path]:
    """What people here have written, by the ends of their names."""
    found = (path for path in _walk(ROOT) if path.suffix in suffixes)
    return sorted(found)


def product() -> list[Path]:
    """Python files without tests and migrations."""
    return [path for path in files(".py") if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts)]


def packages() -> set[str]:
    """Names of our own top-level packages."""
    return {path.parent.name for path in ROOT.glob("*/__init__.py")}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> set[str]:
    """The top-level names that the import statements inside `node` import from."""
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Import):
            found |= {alias.name for alias in one.names}
        elif isinstance(one, ast.ImportFrom) and one.module:
            found.add(one.module)
    return {name.split(".")[0] for name in found}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def place(path: Path, line: int | None = None) -> str:
    name = str(path.relative_to(ROOT))
    return name if line is None else f"{name}:{line}"


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in _NOT_OURS:
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path
