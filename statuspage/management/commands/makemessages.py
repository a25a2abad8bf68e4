"""Collects the texts of our translations: what visitors and subscribers read, in the languages of pages."""

from __future__ import annotations

from pathlib import PurePath
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


def is_public(path: str) -> bool:
    """Whether the texts of the file at `path`, from the repository's root, are translated."""
    file = PurePath(path)
    if "admin" in file.parts or file.name == "admin.py":
        return False
    return any(file.is_relative_to(place) for place in PUBLIC_TEXTS)


class Command(makemessages.Command):
    # A guessed translation would only have to be found and thrown away.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def find_files(self, root: str) -> list[Any]:
        return [file for file in super().find_files(root) if is_public(file.path)]
