"""What of an event may still be told: its facts are of then, who may see them is judged now.

A message may wait, and meanwhile its page be taken down, its incident deleted or a component hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from common.tenancy import in_tenant
from components.models import Component
from incidents.cadence import still_waits
from incidents.models import Incident
from notifications.audience import concerns_nobody
from notifications.letters import Letter
from notifications.models import Notification
from pages.models import StatusPage
from subscribers.facts import seen
from tenants.models import Tenant

Facts = dict[str, Any]
_OF_TEAM = {"call", "trouble"}


def still_told(page_id: str, facts: Facts) -> Facts | None:
    """The facts without what has been hidden since; None where nothing of them may be told any more. Runs in
    the tenant's schema."""
    if facts.get("sample"):
        return facts
    page = StatusPage.objects.launched().filter(pk=page_id).first()
    # The team hears of what waits for it whoever may read the page.
    if page is None or not (page.is_public or _OF_TEAM & facts.keys()):
        return None
    if "open" in facts:
        shown = _seen([one["id"] for one in facts["open"]])
        return facts | {"open": [one for one in facts["open"] if one["id"] in shown]}
    if "component" in facts:
        return facts if _is_public(facts["component"]["id"]) else None
    if "incident" not in facts:
        return facts
    incident = facts["incident"]
    if "call" in facts:
        return facts if still_waits(incident["id"], facts["call"]["asked_at"]) else None
    if not _seen([incident["id"]]):
        return None
    return facts | {"incident": incident | {"components": _marked(incident["components"])}}


def still_tellable(letters: Sequence[Letter]) -> list[Letter]:
    """Without those that were tried before, perhaps long ago, and may not be told any more, without calls for
    what has been written meanwhile, and without what summaries may not say. In the facts of the others, what
    has been hidden since is marked."""
    old = [one for one in letters if one.number > 1 or one.earlier or "call" in one.notification.facts]
    if not old:
        return list(letters)
    again = {told.pk: told for one in old for told in (*one.earlier, one.notification)}
    tenants = Tenant.objects.filter(pk__in={one.tenant_id for one in again.values()})
    known = set(tenants.values_list("pk", flat=True))
    gone = {one.pk for one in again.values() if one.tenant_id not in known or not _brought_up(one)}
    return [left for one in letters if (left := _without(one, gone))]


def _without(letter: Letter, gone: set[int]) -> Letter | None:
    left = [one for one in (*letter.earlier, letter.notification) if one.pk not in gone]
    return replace(letter, earlier=tuple(left[:-1]), notification=left[-1]) if left else None


def _brought_up(notification: Notification) -> bool:
    """Put what may be told now into the row, unsaved; whether there is any."""
    with in_tenant(notification.tenant_id):
        facts = still_told(notification.page_id, notification.facts)
    if facts is None or (not {"subscriber", *_OF_TEAM} & facts.keys() and concerns_nobody(facts)):
        return False
    notification.facts = facts
    return True


def _is_public(component_id: str) -> bool:
    return Component.objects.public().filter(pk=component_id).exists()


def _seen(ids: list[str]) -> set[str]:
    return set(seen(Incident.objects.filter(pk__in=ids)).values_list("pk", flat=True))


def _marked(components: list[Facts]) -> list[Facts]:
    """Those that were restricted then, or are now, marked so: what was hidden stays hidden."""
    ids = [one["id"] for one in components]
    hidden = set(Component.objects.filter(pk__in=ids, restricted=True).values_list("pk", flat=True))
    return [one | {"restricted": one.get("restricted", False) or one["id"] in hidden} for one in components]
