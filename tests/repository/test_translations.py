"""Everything that a page says to visitors and subscribers is there in each of its languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import polib
import pytest
from django.utils.translation.template import templatize

from pages.choices import Language
from statuspage.management.commands.makemessages import (
    PUBLIC_TEXTS,
    TEAM_LANGUAGES,
    TEAM_TEXTS,
    is_for_team,
    is_public,
    without_team,
)
from tests.repository.tree import ROOT, files, place, tree

LANGUAGES = [language for language in Language.values if language != "en"]
_ARGUMENTS = {"gettext": 1, "ngettext": 2, "pgettext": 2, "npgettext": 3}
_LITERAL = r"""u?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
_CALL = re.compile(rf"\b(_|n?p?gettext)\(\s*({_LITERAL}(?:\s*,\s*{_LITERAL})*)", re.DOTALL)
_PERCENT = re.compile(r"%(?:\(\w+\))?[a-z%]")

Marked = tuple[str, str, str]
"""Context, text, and its plural; "" where there is none."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_public_pages_is_in_the_catalogue(language: str) -> None:
    assert sorted(marked() - _entries(language)) == []


@pytest.mark.parametrize("language", sorted(TEAM_LANGUAGES))
def test_every_text_of_the_team_is_in_the_catalogue(language: str) -> None:
    assert sorted(marked(is_for_team) - _entries(language)) == []


def test_what_the_team_reads_is_asked_of_no_other_language() -> None:
    pot = 'head\n\n#: public/a.py\n#: accounts/b.py\nmsgid "both"\n\n#: accounts/b.py\nmsgid "ours"\n'

    assert without_team(pot).split("\n\n")[1:] == ['#: public/a.py\n#: accounts/b.py\nmsgid "both"']


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_a_translation_that_somebody_has_looked_at(language: str) -> None:
    catalogue = _catalogue(language)

    assert [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete] == []
    assert [entry.msgid for entry in catalogue if not all(text.strip() for text in _texts(entry))] == []
    assert [
        entry.msgid for entry in catalogue if entry.msgid_plural and len(_texts(entry)) != _forms(language)
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_placeholders_of_their_text(language: str) -> None:
    """One of several plural forms may say its number in a word, and do without."""
    for entry in _catalogue(language):
        wanted = _placeholders(entry.msgid_plural or entry.msgid)
        for text in _texts(entry):
            given = _placeholders(text)
            assert given == wanted or (entry.msgid_plural and given < wanted), (entry.msgid, text)
        assert _placeholders(_texts(entry)[-1]) == wanted, entry.msgid


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    compiled = polib.mofile(str(_path(language).with_suffix(".mo")))

    assert _contents(compiled) == _contents(_catalogue(language))
    assert compiled.metadata["Plural-Forms"] == _catalogue(language).metadata["Plural-Forms"]


def test_every_place_that_is_translated_exists() -> None:
    assert [name for name in (*PUBLIC_TEXTS, *TEAM_TEXTS) if not (ROOT / name).exists()] == []


def test_what_is_marked_is_found_in_code_and_in_templates() -> None:
    texts = {text for _context, text, _plural in marked()}

    assert {
        "Operational",
        "Subscribe",
        "j F Y, H:i T",
        "Live status, incidents and uptime of %(name)s.",
    } <= texts
    assert ("", "%(number)s earlier update", "%(number)s earlier updates") in marked()


def _entries(language: str) -> set[Marked]:
    return {(entry.msgctxt or "", entry.msgid, entry.msgid_plural) for entry in _catalogue(language)}


@cache
def marked(wanted: Callable[[str], bool] = is_public) -> frozenset[Marked]:
    found: set[Marked] = set()
    for path in files(".py", ".html", ".txt"):
        if wanted(place(path)):
            found.update(_in_code(path) if path.suffix == ".py" else _in_template(path))
    return frozenset(found)


def _in_code(path: Path) -> Iterator[Marked]:
    names = {
        alias.asname or alias.name: alias.name.removesuffix("_lazy").removesuffix("_noop")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            name = (
                names.get(node.func.id) if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            )
            texts = node.args[: _ARGUMENTS.get(name, 0)]
            # What is translated out of a variable was marked where it was written down.
            if texts and all(isinstance(one, ast.Constant) for one in texts):
                yield _as_marked(name, [ast.literal_eval(one) for one in texts])


def _in_template(path: Path) -> Iterator[Marked]:
    for name, arguments in _CALL.findall(templatize(path.read_text(encoding="utf-8"))):
        yield _as_marked("gettext" if name == "_" else name, list(ast.literal_eval(f"[{arguments}]")))


def _as_marked(name: str, texts: list[str]) -> Marked:
    context = texts.pop(0) if "p" in name else ""
    return context, texts[0], texts[1] if name.startswith("n") else ""


def _path(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


@cache
def _catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(_path(language)))


def _forms(language: str) -> int:
    found = re.match(r"nplurals=(\d+);", _catalogue(language).metadata["Plural-Forms"])
    assert found
    return int(found[1])


def _texts(entry: polib.POEntry) -> list[str]:
    """Its translation, or one for each plural form."""
    return [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)] or [entry.msgstr]


def _placeholders(text: str) -> set[str]:
    fields = {
        f"{{{field}}}" for _before, field, _form, _conversion in Formatter().parse(text) if field is not None
    }
    return fields | set(_PERCENT.findall(text))


def _contents(catalogue: polib.POFile | polib.MOFile) -> dict[Marked, list[str]]:
    return {(entry.msgctxt or "", entry.msgid, entry.msgid_plural): _texts(entry) for entry in catalogue}
