"""What `manage.py seed` makes: each step looks first whether it was made, so an interrupted run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from common.tenancy import in_tenant
from components.actions import create_component, create_group, update_component
from components.models import Component
from events.actor import SYSTEM
from importing.actions import import_page
from importing.folder import read_folder
from importing.shift import weeks_until_recent
from incidents.actions.announcement import create_announcement
from incidents.actions.incident import backfill_incident, open_incident, post_update
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.postmortem import publish_postmortem, write_postmortem
from incidents.actions.series import create_series
from incidents.actions.template import create_template
from incidents.models import Incident
from incidents.steps import Words
from pages.actions import create_page
from pages.models import StatusPage
from statuspage.seeding_metrics import seed_metrics
from subscribers.actions import Who, add_confirmed
from subscribers.choices import Channel, ConsentSource
from tenants.actions import create_tenant
from tenants.models import Tenant, User

_RECORD = settings.BASE_DIR / "fixtures" / "githubstatus"
_POSTMORTEM = """## What happened

A network change cut off one of three storage nodes.

## What we changed

Such a change now goes to one node at a time.
"""
# Age of acme's components: older than what its bars show.
_KNOWN_FOR = timedelta(days=120)


def seed_staff(email: str, password: str) -> User | None:
    """The person who signs in first; None where none is asked for."""
    if not email or not password:
        return None
    found = User.objects.filter(email=email).first()
    return found or User.objects.create_superuser(email, password, name="Administrator")


def seed_demo(owner: User | None) -> None:
    """A real page's history, moved forward by whole weeks so that its newest incident is of this week."""
    with in_tenant(_tenant("GitHub (recorded)", "demo", owner).id):
        source = read_folder(_RECORD)
        weeks = weeks_until_recent(source, timezone.now())
        page = import_page(source, slug="demo", shift_weeks=weeks).page
        _hide_signpost(page)
        seed_metrics(page)


def _hide_signpost(page: StatusPage) -> None:
    """One of the recorded components is a hint at another page's address, for other systems to show."""
    for component in page.components.present().filter(name__startswith="Visit www.githubstatus.com"):
        update_component(page, component, SYSTEM, only_show_if_degraded=True)


def seed_acme(owner: User | None) -> None:
    """A page of its own making that has one of everything, in mid-incident."""
    with in_tenant(_tenant("Acme", "acme", owner).id):
        page = StatusPage.objects.present().filter(slug="acme").first() or _acme_page()
        parts = _components(page)
        for make in (_past, _maintenance, _now, _around):
            make(page, parts)
        seed_metrics(page)


def _tenant(name: str, slug: str, owner: User | None) -> Tenant:
    return Tenant.objects.filter(slug=slug).first() or create_tenant(name, slug, owner=owner)


def _acme_page() -> StatusPage:
    return create_page(
        SYSTEM,
        name="Acme Cloud",
        slug="acme",
        time_zone="Europe/Berlin",
        description="Storage and compute for people who build rockets.",
        support_url="mailto:support@example.com",
        company_url="https://example.com",
        accent="#0f766e",
        accent_dark="#2dd4bf",
        footer="Questions? Our **support** is awake at any hour.",
        about="Our operations team updates this page, day and night. Monitoring suggests, people decide.",
    )


def _components(page: StatusPage) -> dict[str, Component]:
    platform = page.groups.present().first() or create_group(page, SYSTEM, name="Platform")
    inside = {"group": platform}
    wanted: dict[str, dict[str, Any]] = {
        "Website": {"purpose": "Read about our products and sign up."},
        "API": {"purpose": "Everything that your programs call."} | inside,
        "Object storage": {"purpose": "Keep and fetch files."} | inside,
        "Compute": {"purpose": "Run your containers."} | inside,
        "Support desk": {"purpose": "Reach a human being.", "major_weight": 0.5},
    }
    made = {one.name: one for one in page.components.present()}
    start = (timezone.now() - _KNOWN_FOR).date()
    for name, fields in wanted.items():
        if name not in made:
            made[name] = create_component(page, SYSTEM, name=name, start_date=start, **fields)
    return made


def _past(page: StatusPage, parts: Mapping[str, Component]) -> None:
    if not _has(page, "Uploads failed in one region"):
        said = {parts["Object storage"]: "partial_outage"}
        incident = _ended(page, "Uploads failed in one region", 3, 47, said)
        write_postmortem(page, incident, SYSTEM, _POSTMORTEM)
        publish_postmortem(page, incident, SYSTEM, notify=False)
    if not _has(page, "Website unreachable"):
        _ended(page, "Website unreachable", 24, 130, {parts["Website"]: "major_outage"})
    if not _has(page, "Containers start slowly"):
        _ended(page, "Containers start slowly", 58, 260, {parts["Compute"]: "degraded_performance"})


def _ended(page: StatusPage, name: str, days: int, minutes: int, said: Mapping[Component, str]) -> Incident:
    ended = timezone.now() - timedelta(days=days)
    return backfill_incident(
        page,
        SYSTEM,
        name=name,
        started_at=ended - timedelta(minutes=minutes),
        resolved_at=ended,
        body="The cause has been found and removed.",
        components={component.pk: status for component, status in said.items()},
    )


def _maintenance(page: StatusPage, parts: Mapping[str, Component]) -> None:
    now = timezone.now()
    if not _has(page, "New machines for compute"):
        schedule_maintenance(
            page,
            SYSTEM,
            "We replace machines one by one. Containers restart once.",
            name="New machines for compute",
            scheduled_for=now - timedelta(minutes=40),
            scheduled_until=now + timedelta(hours=3),
            components=[parts["Compute"].pk],
            notify=False,
        )
    if not page.series.exists():
        create_series(
            page,
            SYSTEM,
            name="Weekly updates of the database",
            body="Writes pause for up to a minute.",
            rule="FREQ=WEEKLY;BYDAY=TU",
            local_start=datetime.combine(now.date(), datetime.min.time()).replace(hour=4),
            duration=timedelta(minutes=30),
            components=[parts["API"].pk],
            notify=False,
        )


def _now(page: StatusPage, parts: Mapping[str, Component]) -> None:
    if _has(page, "Slow answers from the API"):
        return
    began = timezone.now() - timedelta(minutes=25)
    slow = Words(
        "investigating",
        "Requests to the API take longer than usual. Nothing is lost.",
        components={parts["API"].pk: "degraded_performance"},
        display_at=began,
    )
    incident = open_incident(
        page, SYSTEM, slow, name="Slow answers from the API", notify=False, started_at=began
    )
    found = Words(
        "identified",
        "An index of our database is being rebuilt; until then about **one request in five** fails.",
        technical_details="`btree` of `objects_by_owner` on shard 3, rebuilt concurrently.",
        components={parts["API"].pk: "partial_outage"},
    )
    soon = timezone.now() + timedelta(minutes=30)
    post_update(page, incident, SYSTEM, found, notify=False, next_update_by=soon)


def _around(page: StatusPage, parts: Mapping[str, Component]) -> None:
    if not page.announcements.exists():
        create_announcement(
            page,
            SYSTEM,
            title="Version 1 of the API ends in March",
            body="Please move to version 2 by then: what to change is in the [guide](https://example.com).",
        )
    if not page.templates.exists():
        create_template(
            page,
            SYSTEM,
            name="Slow component",
            title="Slow answers from {{ component }}",
            body="Requests to {{ component }} take longer than usual. We are looking into it.",
            components=[parts["API"].pk],
        )
    if not page.subscribers.exists():
        reader = Who("reader@example.com", Channel.EMAIL)
        add_confirmed(page, reader, SYSTEM, "Part of the example.", source=ConsentSource.OPERATOR)


def _has(page: StatusPage, name: str) -> bool:
    return page.incidents.filter(name=name).exists()
