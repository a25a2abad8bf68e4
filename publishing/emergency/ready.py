"""The page that is ready: complete as it is, with a place for what somebody writes by hand.

One for each impact, in the page's language and look. `edge/emergency.py`, and `emergency.py` where there is
no edge, put the notice in the place of `<!--emergency-->…<!--/emergency-->`, in the words of `data-words`.
Plain texts are only begun here: the notice goes behind them.
"""

from __future__ import annotations

import json
from functools import lru_cache

from django.utils.translation import gettext as _

from components.indicator import MAJOR_OUTAGE, MINOR_OUTAGE, PARTIAL_OUTAGE
from incidents.choices import IncidentStatus
from publishing import render
from publishing.rendering import badges, embed, engine, texts, words
from publishing.snapshot import PageView
from store import Document
from store.emergency import IMPACTS, STATUSES, ready_path

_SENTENCES = {"minor": MINOR_OUTAGE, "major": PARTIAL_OUTAGE, "critical": MAJOR_OUTAGE}


def documents(page: PageView) -> list[Document]:
    return [document for impact in IMPACTS for document in _of_impact(page, impact)]


# From version to version the same: what a page is called and looks like, and nothing that happens on it.
@lru_cache(maxsize=96)
def _of_impact(page: PageView, impact: str) -> tuple[Document, ...]:
    with engine.locale(page):
        sentence = words.sentence(_SENTENCES[impact])
        values = {"impact": impact, "sentence": sentence, "words": json.dumps(_words())}
        html = render.render_emergency(page, sentence, impact, values)
        badge = badges.of_status("", page.name, sentence, words.IMPACT_STATUS[impact])  # type: ignore[index]
        begun = [*texts.headings(page, sentence), *embed.headings(page, impact, sentence, _states())]
    found = (html, *badge, *begun)
    return tuple(Document(ready_path(impact, one.path), one.body, one.content_type) for one in found)


def _words() -> dict[str, str]:
    return _states() | {
        "written": _("Written by hand: the system behind this page cannot be reached. Last written:")
    }


def _states() -> dict[str, str]:
    return {status: str(IncidentStatus(status).label) for status in STATUSES}
