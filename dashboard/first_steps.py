"""What a new page still lacks, read off what is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pages.models import StatusPage

# A page that does without one of them is not told for ever.
_NEW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Step:
    """`address`: the name of the screen where it is done."""

    title: str | Promise
    text: str | Promise
    address: str
    done: bool


def first_steps(page: StatusPage, now: datetime) -> list[Step]:
    """In the order of doing; none once all are done, or the page is a month old. One query."""
    if now - page.created_at > _NEW:
        return []
    rows = (page.components.present(), page.incidents.all(), page.subscribers.all(), page.own_hosts.all())
    asked = StatusPage.objects.filter(pk=page.pk).values_list(*(Exists(one) for one in rows))
    components, incidents, subscribers, hosts = asked.get()
    steps = [
        Step(
            _("Say what the page reports on"),
            _("Components are the parts of your service that users know by name."),
            "component_new",
            components,
        ),
        Step(
            _("Launch the page"),
            _("Until then visitors are told that there is no page."),
            "launch",
            page.published,
        ),
        Step(
            _("Try an incident"),
            _("Nobody is told while nobody has subscribed. Deleted afterwards, it leaves the page."),
            "incident_new",
            incidents,
        ),
        Step(
            _("Subscribe yourself"),
            _("Then you see what your users will get."),
            "subscriber_new",
            subscribers,
        ),
        Step(
            _("Use a domain of your own"),
            _("Such as status.example.org: two records in DNS."),
            "hosts",
            hosts,
        ),
    ]
    return [] if all(step.done for step in steps) else steps
