"""Before publishing: whom a change would tell, and what they would read. Nothing is sent or kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from events.models import Event
from incidents.foretelling import Foretold
from notifications.channels import discord, google_chat, slack, teams
from notifications.chat import Message, Messages
from notifications.expansion import counted, drafted, recipients
from notifications.letters import Letter
from notifications.mail import Rendered, put_in
from notifications.models import Notification
from notifications.own_links import own_links
from notifications.sms.budget import price
from notifications.sms.segments import segments
from notifications.sms.texts import Texts
from notifications.webhooks import Payloads
from pages.change import rehearsal
from pages.models import StatusPage
from subscribers.choices import Channel

_NOBODY = "0" * 12


@dataclass(frozen=True, slots=True)
class Sample:
    """One message as a recipient would get it: mail has `subject`, `text` and `html`, machines a `payload`
    (JSON), SMS a `text` with `segments` and what one message may `cost`."""

    subject: str = ""
    text: str = ""
    html: str = ""
    payload: str = ""
    segments: int = 0
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """Of one event: how many recipients on each channel, and a message for each channel that has any."""

    kind: str
    recipients: dict[str, int]
    samples: dict[str, Sample]


def dry_run(page: StatusPage, change: Callable[[StatusPage], object]) -> list[DryRun]:
    """What `change`, one verb on the page that it is given, would tell, by event.

    The verb is carried out and taken back, so its refusals are raised as ever, and counts and words are those
    of the real thing.
    """
    with rehearsal(page) as stage:
        change(stage)
        events = Event.objects.filter(page_id=stage.pk, version=stage.version, notify=True).order_by("pk")
        return [_looked_at(stage, drafted(event)) for event in events]


def dry_run_of(page: StatusPage, foretold: Foretold, channels: Set[str]) -> DryRun:
    """The same of what is foretold, with samples for `channels` alone. Nothing is written or locked."""
    event = Event(page_id=page.pk, version=page.version + 1, name=foretold.name, at=foretold.at)
    event.facts = foretold.facts
    notification = drafted(event)
    found = counted(notification, foretold.facts) if page.published and page.is_public else {}
    return DryRun(foretold.name, found, _samples(page, notification, channels & found.keys()))


def _looked_at(page: StatusPage, notification: Notification) -> DryRun:
    found = recipients(notification)
    return DryRun(notification.kind, found, _samples(page, notification, found))


def _samples(page: StatusPage, notification: Notification, channels: Iterable[str]) -> dict[str, Sample]:
    letters = {channel: _letter(page, notification, channel) for channel in channels}
    return {name: SAMPLES[name](letter) for name, letter in letters.items() if name in SAMPLES}


def _letter(page: StatusPage, notification: Notification, channel: str) -> Letter:
    """To nobody, in the page's language and zone: its links lead nowhere."""
    return Letter(
        id=0,
        notification=notification,
        tenant_id=notification.tenant_id,
        page_id=page.pk,
        subscriber_id=_NOBODY,
        channel=channel,
        target="",
        target_hash="",
        language=page.language,
        time_zone=page.time_zone,
        link_version=0,
        settings={},
        number=1,
        attempt=1,
    )


def _of_mail(letter: Letter) -> Sample:
    made = Rendered([letter]).mail(letter)
    links = own_links(letter)
    return Sample(made.subject, put_in(made.text, links), put_in(made.html, links))


def _of_sms(letter: Letter) -> Sample:
    """At the price of countries that have none of their own."""
    text = Texts().of(letter)
    return Sample(text=text, segments=segments(text), cost=segments(text) * price(letter.target))


def _of_webhook(letter: Letter) -> Sample:
    return Sample(payload=Payloads().of(letter).decode())


def _of_chat(payload: Callable[[Message], dict[str, Any]]) -> Callable[[Letter], Sample]:
    def sample(letter: Letter) -> Sample:
        message = Messages().of(letter)
        return Sample(
            message.headline, message.text, payload=json.dumps(payload(message), ensure_ascii=False)
        )

    return sample


SAMPLES: Mapping[str, Callable[[Letter], Sample]] = {
    Channel.EMAIL: _of_mail,
    Channel.SMS: _of_sms,
    Channel.WEBHOOK: _of_webhook,
    Channel.SLACK: _of_chat(slack.payload),
    Channel.TEAMS: _of_chat(teams.payload),
    Channel.DISCORD: _of_chat(discord.payload),
    Channel.GOOGLE_CHAT: _of_chat(google_chat.payload),
}
