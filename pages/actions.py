"""Verbs on status pages."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.ids import new_id
from common.rows import add, check_values, given, state
from common.rows import change as change_row
from common.tenancy import current_tenant_id
from events.actor import SYSTEM, Actor
from outbox.queue import put
from pages.change import Change, create_change, page_change, record
from pages.clock import next_tick, schedule
from pages.models import Asset, StatusPage, UptimePolicy
from pages.styles import clean_css
from tenants.actions import check_slug, claim_hosts, describe_hosts, page_hosts, release_hosts, retire_hosts
from tenants.models import DomainKind

POLICY_FIELDS = frozenset(field.name for field in UptimePolicy._meta.fields)
CADENCE_FIELDS = frozenset({"remind_after", "remind_before"})
# Asks for reminders of a page's team to be looked after; the key is the page's id.
CADENCE = "cadence"
PAGE_FIELDS = (
    POLICY_FIELDS
    | CADENCE_FIELDS
    | frozenset(
        [
            "name",
            "slug",
            "description",
            "time_zone",
            "language",
            "published",
            "page_type",
            "logo_light",
            "logo_dark",
            "favicon",
            "accent",
            "accent_dark",
            "custom_css",
            "header",
            "footer",
            "note",
            "company_url",
            "support_url",
            "about",
            "noindex",
            "show_uptime",
            "uptime_days",
            "history_days",
            "sms_every_update",
            "closed_ways",
            "embed",
            "kept",
        ]
    )
)


_LINKS = frozenset({"company_url", "support_url"})
_LINK = re.compile(r"(https?://|mailto:|tel:)[^\s<>\"]+", re.IGNORECASE)


def create_page(actor: Actor, *, name: str, slug: str, **fields: Any) -> StatusPage:
    """Add a page to the current tenant and claim its hosts; `fields`: of PAGE_FIELDS.

    Raises Refused, naming the field.
    """
    with page_creation(actor, name=name, slug=slug, **fields) as change:
        return change.page


@contextmanager
def page_creation(
    actor: Actor, *, name: str, slug: str, page_id: str = "", **fields: Any
) -> Iterator[Change]:
    """`create_page` with more in the same transaction and version: what an import brings. Tells nobody.

    `page_id` keeps the id of an imported page.
    """
    page = _new_page(page_id or new_id(), name, check_slug(slug), _given(fields))
    with transaction.atomic(durable=True):
        claim_hosts(current_tenant_id(), page.pk, page_hosts(page.pk, page.slug))
        describe_hosts(page.pk, primary=page.primary_host, published=page.published)
        with create_change(add(page), actor) as change:
            _record(change, "page.created")
            schedule(page, next_tick(page, change.now))
            yield change


def update_page(page: StatusPage, actor: Actor, **fields: Any) -> StatusPage:
    """Change a page's identity, look or policy. Images are Assets, saved or not (`clean_image`)."""
    fields = _given(fields)
    with page_change(page, actor) as change:
        _keep([value for value in fields.values() if isinstance(value, Asset)])
        former = change.page.slug
        if change_row(change.page, fields, change.now, PAGE_FIELDS):
            if change.page.slug != former:
                _move_hosts(change.page, former)
            describe_hosts(page.pk, primary=change.page.primary_host, published=change.page.published)
            if CADENCE_FIELDS & fields.keys():
                put(CADENCE, current_tenant_id(), [page.pk])
            _record(change, "page.updated")
    return change.page


def tried(page: StatusPage, **fields: Any) -> StatusPage:
    """The page as `update_page` would leave it, unsaved. Raises Refused for values that it would refuse."""
    stage = copy(page)
    for name, value in _given(fields).items():
        setattr(stage, name, value)
    return check_values(stage)


def note_export(page: StatusPage, actor: Actor) -> None:
    """In the log: somebody takes everything of the page away in one file."""
    with transaction.atomic(durable=True):
        record(actor, "page.exported", "page", page.pk, state(page), page_id=page.pk)


def delete_page(page: StatusPage, actor: Actor) -> None:
    """Take a page down: it answers 404 from now on. Its rows stay for history."""
    with page_change(page, actor) as change:
        change.page.deleted_at = change.now
        change.page.save(update_fields=["deleted_at"])
        retire_hosts(change.page.pk)
        _record(change, "page.deleted")


def pass_time(page: StatusPage) -> None:
    """A new version because time has passed: a new day, or a component that has been down longer."""
    with page_change(page, SYSTEM, notify=False) as change:
        change.record("page.time_passed", "clock", change.page.pk, {"at": change.now.isoformat()})
        schedule(change.page, next_tick(change.page, change.now))


def adopt_release(page: StatusPage, release: str) -> None:
    """A new version because this release renders pages in another way."""
    with page_change(page, SYSTEM, notify=False) as change:
        change.record("page.released", "release", change.page.pk, {"release": release})


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Of PAGE_FIELDS, as their columns take them."""
    found = given(fields, PAGE_FIELDS, StatusPage)
    if "time_zone" in found:
        check_time_zone(found["time_zone"])
    if "custom_css" in found:
        found["custom_css"] = clean_css(found["custom_css"])
    for name in _LINKS & found.keys():
        if found[name] and not _LINK.fullmatch(found[name]):
            message = _("A link begins with https://, http://, mailto: or tel:.")
            raise Refused(message, name)
    return found


# Python looks through all its files for them.
_time_zones = cache(zoneinfo.available_timezones)


def check_time_zone(name: str) -> None:
    if name not in _time_zones():
        message = _("“%(name)s” is not a time zone. Names look like Europe/Berlin.") % {"name": name}
        raise Refused(message, "time_zone")


def _new_page(page_id: str, name: str, slug: str, fields: dict[str, Any]) -> StatusPage:
    now = timezone.now()
    host = next(host for host, kind in page_hosts(page_id, slug).items() if kind is DomainKind.SLUG)
    stamps = {"created_at": now, "updated_at": now, "version_at": now - timedelta(microseconds=1)}
    return StatusPage(id=page_id, name=name, slug=slug, primary_host=host, **stamps, **fields)


def _move_hosts(page: StatusPage, former: str) -> None:
    check_slug(page.slug)
    old = [host for host, kind in page_hosts(page.pk, former).items() if kind is DomainKind.SLUG]
    new = {host: kind for host, kind in page_hosts(page.pk, page.slug).items() if kind is DomainKind.SLUG}
    release_hosts(page.pk, old)
    claim_hosts(current_tenant_id(), page.pk, new)
    if page.primary_host in old:
        page.primary_host = next(iter(new))
        page.save(update_fields=["primary_host"])


def _keep(assets: list[Asset]) -> None:
    """Add those that are new. Former ones stay: past versions of the page show them."""
    Asset.objects.bulk_create(assets, ignore_conflicts=True)


def _record(change: Change, name: str) -> None:
    change.record(name, "page", change.page.pk, state(change.page))
