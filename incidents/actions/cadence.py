"""Asking a team for updates that are due. One change of one page."""

from __future__ import annotations

from events.actor import SYSTEM
from incidents.cadence import ask, call
from pages.change import page_change
from pages.models import StatusPage


def ask_for_updates(page: StatusPage) -> None:
    """Ask the team for what is due of any incident of the page; a version only where a promise was broken."""
    with page_change(page, SYSTEM) as change:
        for incident in change.page.incidents.watched():
            call(change, incident)
        ask(change)
