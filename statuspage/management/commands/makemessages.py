"""Collects the texts of our translations: what visitors and subscribers read, in the languages of pages, and
what the team reads, in those of the dashboard.
"""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

from django.core.management.commands import makemessages

PUBLIC_TEXTS = (
    "templates/page",
    "templates/public",
    "templates/mail",
    "publishing",
    "public",
    "notifications",
    "subscribers",
    "components/choices.py",
    "components/indicator.py",
    "incidents/choices.py",
    "incidents/rules.py",
    "incidents/stock.py",
    "pages/choices.py",
    "common/errors.py",
    "common/rows.py",
)
"""Files and folders whose texts are translated, except for their parts of the admin."""

TEAM_TEXTS = (
    "accounts",
    "components/actions.py",
    "components/forms.py",
    "components/models.py",
    "components/status.py",
    "copies/actions.py",
    "copies/models.py",
    "copies/targets",
    "dashboard",
    "importing",
    "incidents",
    "pages/actions.py",
    "pages/change.py",
    "pages/drawings.py",
    "pages/images.py",
    "pages/models.py",
    "pages/own_hosts.py",
    "pages/styles.py",
    "templates/429.html",
    "templates/account",
    "templates/dashboard",
    "templates/mfa",
    "templates/parts",
    "templates/socialaccount",
    "templates/usersessions",
    "tenants",
)
"""Those that are translated into German alone, the dashboard's other language."""
TEAM_LANGUAGES = frozenset(["de"])


def is_public(path: str) -> bool:
    """Whether the texts of the file at `path`, from the repository's root, are translated for everybody."""
    return _is_below(PUBLIC_TEXTS, path)


def is_for_team(path: str) -> bool:
    return _is_below(TEAM_TEXTS, path)


def _is_below(places: tuple[str, ...], path: str) -> bool:
    file = PurePath(path)
    if "admin" in file.parts or file.name == "admin.py":
        return False
    return any(file.is_relative_to(place) for place in places)


def without_team(pot: str) -> str:
    """A template of a catalogue without what only the team reads."""
    head, *entries = pot.split("\n\n")
    return "\n\n".join([head, *(one for one in entries if any(map(is_public, _places(one))))])


def _places(entry: str) -> list[str]:
    lines = [line.removeprefix("#: ") for line in entry.splitlines() if line.startswith("#: ")]
    return [place.removeprefix("./") for line in lines for place in line.split()]


class Command(makemessages.Command):
    # A guessed translation would only have to be found and thrown away.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def find_files(self, root: str) -> list[Any]:
        found = super().find_files(root)
        return [file for file in found if is_public(file.path) or is_for_team(file.path)]

    def write_po_file(self, potfile: str, locale: str) -> None:
        template = Path(potfile)
        whole = template.read_text(encoding="utf-8")
        if locale not in TEAM_LANGUAGES:
            template.write_text(without_team(whole), encoding="utf-8")
        super().write_po_file(potfile, locale)
        template.write_text(whole, encoding="utf-8")
