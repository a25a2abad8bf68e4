"""What an SMS says, in two segments at most: whose page, what is up, and where to read on."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from notifications.letters import Letter
from notifications.own_links import own_links
from notifications.sms.segments import plain, segments
from notifications.wording import Notice, asks, words
from subscribers.codes import code

SEGMENTS = 2
_LONGEST_PAGE = 30


class Texts:
    """Of one batch: what all recipients of a language have in common is said once."""

    def __init__(self) -> None:
        self._said: dict[tuple[int, str], str] = {}

    def of(self, letter: Letter) -> str:
        with translation.override(letter.language):
            if "subscriber" in letter.notification.facts:
                return _personal(letter)
            key = (letter.notification.pk, letter.language)
            return self._said.get(key) or self._said.setdefault(key, _notice(letter))


def fitted(head: str, text: str, tail: str) -> str:
    """`head`, `text` and `tail`, with `text` cut so that there are no more than SEGMENTS."""
    head, text, tail = plain(head), plain(text), plain(tail)
    whole = f"{head}{text}{tail}"
    while text and segments(whole) > SEGMENTS:
        text = text[:-1].rstrip()
        whole = f"{head}{text}...{tail}"
    return whole


def _notice(letter: Letter) -> str:
    facts = letter.notification.facts
    said = words(letter.notification.kind, facts)
    return fitted(f"{_page(facts['page']['name'])}: ", said.subject, f"\n{said.url}")


def _personal(letter: Letter) -> str:
    kind, facts = letter.notification.kind, letter.notification.facts
    page = _page(facts["page"]["name"])
    if asks(kind):
        mine = {"code": code(letter.subscriber_id, letter.link_version), "page": page}
        asked = _("%(code)s is your code for SMS from %(page)s. It is good for an hour.") % mine
        return plain(f"{asked}\n{facts['page']['url']}/subscriptions/code")
    said = words(kind, facts)
    head = f"{said.subject}. " + _("Reply STOP to leave.")
    return fitted(head, _open(said.notices), f"\n{own_links(letter)['manage']}")


def _open(notices: list[Notice]) -> str:
    """What is happening now, the most urgent first; how it goes on stands on the page."""
    if not notices:
        return ""
    more = f" (+{len(notices) - 1})" if len(notices) > 1 else ""
    return f"\n{notices[0].label}{more}: {notices[0].name}"


def _page(name: str) -> str:
    return name if len(name) <= _LONGEST_PAGE else f"{name[: _LONGEST_PAGE - 3].rstrip()}..."
