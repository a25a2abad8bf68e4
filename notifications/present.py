"""What of an event may still be told: its facts are of then, who may see them is judged now.

A message may wait, and meanwhile its page be taken down, its incident deleted or a component hidden. Runs in
the tenant's schema.
"""

from __future__ import annotations

from typing import Any

from components.models import Component
from incidents.models import Incident
from pages.models import StatusPage
from subscribers.facts import seen

Facts = dict[str, Any]


def still_told(page_id: str, facts: Facts) -> Facts | None:
    """The facts without what has been hidden since; None where nothing of them may be told any more."""
    if not StatusPage.objects.launched().filter(pk=page_id).exists():
        return None
    if "open" in facts:
        shown = _seen([one["id"] for one in facts["open"]])
        return facts | {"open": [one for one in facts["open"] if one["id"] in shown]}
    if "incident" not in facts:
        return facts
    incident = facts["incident"]
    if not _seen([incident["id"]]):
        return None
    return facts | {"incident": incident | {"components": _marked(incident["components"])}}


def _seen(ids: list[str]) -> set[str]:
    return set(seen(Incident.objects.filter(pk__in=ids)).values_list("pk", flat=True))


def _marked(components: list[Facts]) -> list[Facts]:
    """Those that were restricted then, or are now, marked so: what was hidden stays hidden."""
    ids = [one["id"] for one in components]
    hidden = set(Component.objects.filter(pk__in=ids, restricted=True).values_list("pk", flat=True))
    return [one | {"restricted": one.get("restricted", False) or one["id"] in hidden} for one in components]
