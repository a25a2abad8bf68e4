"""Verbs on copy targets. No visitor sees them, so they take no version; events never hold keys."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import add, change, given, state
from common.tenancy import current_tenant_id
from copies.asking import COPY, ask_anew
from copies.credentials import Credentials, sealed
from copies.models import CopyTarget, Kind
from copies.targets import KINDS
from events.actor import Actor
from outbox.nudge import nudge
from outbox.queue import put
from outbox.registry import Lane
from pages.change import record
from pages.models import StatusPage

PLACE_FIELDS = frozenset(name for kind in KINDS.values() for name in kind.FIELDS)
KEY_FIELDS = frozenset({"access_key_id", "secret_access_key"})
# What is known of a place, when it is another.
_NOTHING_KNOWN: dict[str, Any] = {
    "version": None,
    "copied_at": None,
    "confirmed_at": None,
    "failures": 0,
    "last_error": "",
    "failed_at": None,
    "next_try_at": None,
}
_NOT_IN_FACTS = frozenset({"credentials"}) | _NOTHING_KNOWN.keys()
_LONGEST_KEY = 300


def add_copy_target(page: StatusPage, actor: Actor, *, kind: str, **fields: Any) -> CopyTarget:
    """Copy every version of the page to one more place; `fields`: of PLACE_FIELDS and, for a bucket,
    KEY_FIELDS. Raises Refused, naming the field."""
    if kind not in KINDS:
        raise Refused(_("Choose a kind of place."), "kind")
    now, keys = timezone.now(), _keys(fields)
    place = given(fields, PLACE_FIELDS, CopyTarget)
    target = CopyTarget(page=page, kind=kind, created_at=now, updated_at=now, **_of_kind(kind, place))
    if kind == Kind.BUCKET:
        target.credentials = _sealed(keys)
    KINDS[kind].check(target)
    with transaction.atomic(durable=True):
        _lock(page)
        add(target)
        _ask(target)
        _record(actor, "copy_target.added", target)
    return target


def change_copy_target(page: StatusPage, target: CopyTarget, actor: Actor, **fields: Any) -> CopyTarget:
    """Another place, or other keys: those that are given as empty stay. The copy at the former place stays as
    it is. Raises Refused, naming the field."""
    keys = _keys(fields)
    with transaction.atomic(durable=True):
        _lock(page)
        target = _locked(page, target)
        values = _of_kind(target.kind, given(fields, PLACE_FIELDS, CopyTarget))
        if target.kind == Kind.BUCKET and any(keys.values()):
            values["credentials"] = _sealed(keys)
        if _change(target, values):
            _ask(target)
            _record(actor, "copy_target.changed", target)
    return target


def remove_copy_target(page: StatusPage, target: CopyTarget, actor: Actor) -> None:
    """Copy there no more. What was copied stays."""
    with transaction.atomic(durable=True):
        target = _locked(page, target)
        # Its row in the outbox finds nothing, and goes.
        _record(actor, "copy_target.removed", target)
        target.delete()


def copy_anew(page: StatusPage, target: CopyTarget, actor: Actor) -> None:
    """Send every file again, at once, whatever failed before: somebody else may have written there."""
    with transaction.atomic(durable=True):
        target = _locked(page, target)
        target.next_try_at = None
        target.save(update_fields=["next_try_at"])
        ask_anew(target.pk)
        _record(actor, "copy_target.asked", target)


def _of_kind(kind: str, place: dict[str, Any]) -> dict[str, Any]:
    """What is said of other kinds does not count."""
    return {name: value for name, value in place.items() if name in KINDS[kind].FIELDS}


def _keys(fields: dict[str, Any]) -> dict[str, str]:
    """Taken out of `fields`."""
    keys = {name: str(fields.pop(name, "") or "").strip() for name in sorted(KEY_FIELDS)}
    for name, value in keys.items():
        if len(value) > _LONGEST_KEY or not all("!" <= one <= "~" for one in value):
            raise Refused(_("A key has only letters, digits and signs, without spaces."), name)
    return keys


def _sealed(keys: dict[str, str]) -> str:
    for name, value in keys.items():
        if not value:
            raise Refused(_("A bucket needs both keys, the id and the secret."), name)
    return sealed(Credentials(**keys))


def _change(target: CopyTarget, values: dict[str, Any]) -> bool:
    """Whether anything differs. What was known of the former place is forgotten."""
    for name, value in values.items():
        setattr(target, name, value)
    KINDS[target.kind].check(target)
    wanted = {name: getattr(target, name) for name in values}
    target.refresh_from_db()
    return bool(change(target, wanted, timezone.now(), values)) and _forget(target)


def _forget(target: CopyTarget) -> bool:
    CopyTarget.objects.filter(pk=target.pk).update(**_NOTHING_KNOWN)
    target.refresh_from_db()
    return True


def _lock(page: StatusPage) -> None:
    """The page may have been deleted meanwhile."""
    if not StatusPage.objects.present().select_for_update(no_key=True).filter(pk=page.pk).exists():
        raise Refused(_("This page has been deleted."))


def _locked(page: StatusPage, target: CopyTarget) -> CopyTarget:
    found = CopyTarget.objects.select_for_update(of=("self",)).filter(pk=target.pk, page=page).first()
    if found is None:
        raise Refused(_("This copy has been removed meanwhile."))
    return found


def _ask(target: CopyTarget) -> None:
    put(COPY, current_tenant_id(), [target.pk])
    transaction.on_commit(lambda: nudge([Lane.COPY]), robust=True)


def _record(actor: Actor, name: str, target: CopyTarget) -> None:
    facts = {key: value for key, value in state(target).items() if key not in _NOT_IN_FACTS}
    record(actor, name, "copy_target", target.pk, facts, page_id=target.page_id)
