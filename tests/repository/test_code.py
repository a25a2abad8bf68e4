"""What holds for every file of code."""

from __future__ import annotations

import re

from tests.repository.tree import files, functions, imported, packages, place, product

_LONGEST_FILE, _LONGEST_FUNCTION = 400, 40
# One file is all that it may be: somebody copies it to a laptop.
_LONGER = {"emergency.py": 865}
# Written so that this file has none itself.
_UNFINISHED = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b")


def test_files_are_short() -> None:
    lengths = {place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in product()}
    long = {name: length for name, length in lengths.items() if length > _LONGER.get(name, _LONGEST_FILE)}
    assert long == {}


def test_functions_are_short() -> None:
    long = {
        f"{place(path, function.lineno)} {function.name}": length
        for path in product()
        for function in functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > _LONGEST_FUNCTION
    }
    assert long == {}


def test_our_apps_are_imported_at_the_top_of_files() -> None:
    """An import inside a function hides a cycle."""
    inside = {
        place(path, function.lineno): sorted(own)
        for path in product()
        for function in functions(path)
        if (own := imported(function) & packages())
    }
    assert inside == {}


def test_nothing_is_marked_as_unfinished() -> None:
    texts = files(".py", ".html", ".txt", ".css", ".js", ".md", ".toml", ".yaml")
    marks = [
        place(path, number)
        for path in texts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _UNFINISHED.search(line)
    ]
    assert marks == []


def test_what_verbs_refuse_is_said_in_one_place() -> None:
    """Views of the dashboard have it from `dashboard/doing.py`."""
    views = [path for path in product() if place(path).startswith("dashboard/views/")]
    assert views
    assert [place(path) for path in views if "except Refused" in path.read_text(encoding="utf-8")] == []
