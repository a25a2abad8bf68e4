"""Verbs on templates: prepared notices, seen by the team alone, so their events take no version."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import add, given, state
from common.rows import change as change_row
from events.actor import Actor
from incidents.models import IncidentTemplate
from incidents.steps import Words
from pages.change import check_condition, record
from pages.models import StatusPage

TEMPLATE_FIELDS = frozenset({"name", "title", "body", "update_status", "deliver_notifications", "group_id"})
# Of a value: one that comes at every placeholder of a text must not make it endless.
LONGEST_VALUE = 1_000
_PLACEHOLDER = re.compile(r"\{\{([^{}\n]{1,80})\}\}")


@dataclass(frozen=True, slots=True)
class Filled:
    """What a template says with its placeholders filled in: a notice's name and its first update."""

    title: str
    words: Words


def create_template(
    page: StatusPage, actor: Actor, *, components: Collection[str] = (), **fields: Any
) -> IncidentTemplate:
    """Prepare a notice. `components`: ids; `fields`: of TEMPLATE_FIELDS."""
    fields = given(fields, TEMPLATE_FIELDS, IncidentTemplate)
    with transaction.atomic(durable=True):
        now = timezone.now()
        template = add(IncidentTemplate(page=page, created_at=now, updated_at=now, **fields))
        _attach(template, components)
        _record(actor, "template.created", template)
    return template


def update_template(
    page: StatusPage,
    template: IncidentTemplate,
    actor: Actor,
    *,
    components: Collection[str] | None = None,
    **fields: Any,
) -> IncidentTemplate:
    """Change a template; `components` (ids) replaces its components."""
    with transaction.atomic(durable=True):
        template = _locked(page, template)
        changed = bool(change_row(template, fields, timezone.now(), TEMPLATE_FIELDS))
        if components is not None:
            changed |= _attach(template, components)
        if changed:
            _record(actor, "template.updated", template)
    return template


def delete_template(page: StatusPage, template: IncidentTemplate, actor: Actor) -> None:
    """Remove a template; notices made from it stay."""
    with transaction.atomic(durable=True):
        template = _locked(page, template)
        _record(actor, "template.deleted", template)
        template.delete()


def placeholders(template: IncidentTemplate) -> list[str]:
    """The names that `fill` wants values for, in the order in which they come."""
    return placeholders_in(template.title, template.body)


def placeholders_in(*texts: str) -> list[str]:
    """The names between double braces, each once, in the order in which they come."""
    names = [name.strip() for name in _PLACEHOLDER.findall("\n".join(texts))]
    return list(dict.fromkeys(name for name in names if name))


def fill(template: IncidentTemplate, values: Mapping[str, str]) -> Filled:
    """Put values in the place of placeholders, each as it is: what a value says is never expanded again.

    Raises Refused, naming them, where values are missing or blank.
    """
    missing = [name for name in placeholders(template) if not str(values.get(name, "")).strip()]
    if missing:
        message = _("Please fill in: %(names)s.") % {"names": ", ".join(missing)}
        raise Refused(message, missing[0])
    components = template.components.present().values_list("pk", flat=True)
    words = Words(
        template.update_status,
        filled(template.body, values),
        components=dict.fromkeys(components),
        deliver=template.deliver_notifications,
    )
    return Filled(filled(template.title, values), words)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with what is known in the place of its placeholders, cut at LONGEST_VALUE; the others stay as
    they are."""
    return _PLACEHOLDER.sub(lambda found: str(values.get(found[1].strip(), found[0]))[:LONGEST_VALUE], text)


def _attach(template: IncidentTemplate, components: Collection[str]) -> bool:
    found = template.page.components.present().filter(pk__in=components)
    missing = sorted(set(components) - set(found.values_list("pk", flat=True)))
    if missing:
        message = _("This page has no component %(ids)s.") % {"ids": ", ".join(missing)}
        raise Refused(message, "components")
    differs = set(template.components.values_list("pk", flat=True)) != set(components)
    template.components.set(found)
    return differs


def _locked(page: StatusPage, template: IncidentTemplate) -> IncidentTemplate:
    found = page.templates.select_for_update(no_key=True).filter(pk=template.pk).first()
    if found is None:
        message = _("This template has been deleted meanwhile.")
        raise Refused(message)
    check_condition()
    return found


def _record(actor: Actor, name: str, template: IncidentTemplate) -> None:
    components = list(template.components.values_list("pk", flat=True))
    facts = state(template, components=components)
    record(actor, name, "template", template.pk, facts, page_id=template.page_id)
