"""Verbs on page access users and groups. No visitor sees them: they take no version of the page.

Facts name people by id, never by address or login.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused, Taken
from common.rows import add, given, state
from common.rows import change as change_row
from components.models import Component
from events.actor import Actor
from events.log import Fact, append
from metrics.models import Metric
from pages.change import check_condition
from pages.models import StatusPage
from viewers.models import Allowed, PageAccessGroup, PageAccessUser

USER_FIELDS = frozenset({"email", "external_login"})
GROUP_FIELDS = frozenset({"name", "external_identifier"})
# What somebody may see: columns of users and groups.
COMPONENTS, METRICS = "component_ids", "metric_ids"
SEEN = frozenset({COMPONENTS, METRICS})

Kind = type[PageAccessUser] | type[PageAccessGroup]
_Row = TypeVar("_Row", bound=Allowed)


# Users ---------------------------------------------------------------------------------------------


def create_user(
    page: StatusPage, actor: Actor, *, group_ids: Collection[str] = (), **fields: Any
) -> PageAccessUser:
    """Add somebody; `fields`: of USER_FIELDS, at least one of them.

    Raises Taken where the page knows the address or the login, Refused for groups that the page has not.
    """
    fields, now = _user_fields(fields), timezone.now()
    with transaction.atomic(durable=True), _unique(page.pk, fields):
        user = add(PageAccessUser(page=page, created_at=now, updated_at=now, **fields))
        user.groups.set(_groups(page.pk, group_ids))
        _record([user], "created", actor, now)
    return user


def update_user(
    user: PageAccessUser, actor: Actor, *, group_ids: Collection[str] | None = None, **fields: Any
) -> PageAccessUser:
    """Change who somebody is; `group_ids` replaces the groups that they are in. Raises as `create_user`."""
    fields = _user_fields(fields)
    with _changing(user, actor) as (user, now), _unique(user.page_id, fields, but=user.pk):
        change_row(user, fields, now, USER_FIELDS)
        if group_ids is not None:
            user.groups.set(_groups(user.page_id, group_ids))
    return user


# Groups --------------------------------------------------------------------------------------------


def create_group(
    page: StatusPage, actor: Actor, *, user_ids: Collection[str] = (), **fields: Any
) -> PageAccessGroup:
    """Add a group; `fields`: of GROUP_FIELDS and SEEN. Raises Refused for ids that the page has not."""
    fields, now = given(fields, GROUP_FIELDS | SEEN, PageAccessGroup), timezone.now()
    with transaction.atomic(durable=True):
        group = PageAccessGroup(page=page, created_at=now, updated_at=now, **_checked(page.pk, fields))
        add(group).users.set(_users(page.pk, user_ids))
        _record([group], "created", actor, now)
    return group


def update_group(
    group: PageAccessGroup, actor: Actor, *, user_ids: Collection[str] | None = None, **fields: Any
) -> PageAccessGroup:
    """Change a group; each list that is given replaces the one there is."""
    fields = given(fields, GROUP_FIELDS | SEEN, PageAccessGroup)
    with _changing(group, actor) as (group, now):
        change_row(group, _checked(group.page_id, fields), now, GROUP_FIELDS | SEEN)
        if user_ids is not None:
            group.users.set(_users(group.page_id, user_ids))
    return group


# Both ----------------------------------------------------------------------------------------------


def delete(row: PageAccessUser | PageAccessGroup, actor: Actor) -> None:
    """Remove a user, or a group, whose users stay."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        row = _locked(row)
        _record([row], "deleted", actor, now)
        row.delete()


def show(row: _Row, actor: Actor, column: str, ids: Collection[str]) -> _Row:
    """Let a user or a group see these components or metrics (`column`: of SEEN), too."""
    with _changing(row, actor) as (row, now):
        _check_ids(row.page_id, column, ids)
        _see(row, column, [*getattr(row, column), *ids], now)
    return row


def show_only(row: _Row, actor: Actor, column: str, ids: Collection[str]) -> _Row:
    """Let them see these, and no others."""
    with _changing(row, actor) as (row, now):
        _check_ids(row.page_id, column, ids)
        _see(row, column, ids, now)
    return row


def hide(row: _Row, actor: Actor, column: str, ids: Collection[str] | None = None) -> _Row:
    """Let them see these no more; all, where none are given."""
    with _changing(row, actor) as (row, now):
        left = [one for one in getattr(row, column) if ids is not None and one not in ids]
        _see(row, column, left, now)
    return row


def show_component(
    component: Component,
    actor: Actor,
    kind: Kind,
    ids: Collection[str],
) -> None:
    """Let these users, or groups, of the component's page see it. Raises Refused for ids of none."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        found = list(_own(kind, component.page_id, ids).select_for_update(no_key=True))
        _check_found(ids, [row.pk for row in found], _field_of(kind))
        blind = [row for row in found if component.pk not in row.component_ids]
        for row in blind:
            row.component_ids = [*row.component_ids, component.pk]
        _save_each(kind, blind, actor, now)


def hide_component(
    component: Component,
    actor: Actor,
    kind: Kind,
    ids: Collection[str] | None = None,
) -> None:
    """Let these users, or groups, see a component no more; all, where none are given."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        rows = kind.objects.filter(page=component.page_id).who_see(component.pk)
        rows = rows if ids is None else rows.filter(pk__in=ids)
        found = list(rows.order_by("pk").select_for_update(no_key=True))
        for row in found:
            row.component_ids = [one for one in row.component_ids if one != component.pk]
        _save_each(kind, found, actor, now)


# Steps ---------------------------------------------------------------------------------------------


@contextmanager
def _changing(row: _Row, actor: Actor) -> Iterator[tuple[_Row, datetime]]:
    """The row as it is now, locked. What the block makes of it is recorded, if it is anything."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        row = _locked(row)
        before = _facts([row])
        yield row, now
        if _facts([row]) != before:
            row.updated_at = now
            row.save(update_fields=["updated_at"])
            _record([row], "updated", actor, now)


def _locked(row: _Row) -> _Row:
    # NO KEY: links to it may be made meanwhile, so users and groups that change at once wait for nobody.
    kind: Any = type(row)
    found: _Row | None = kind.objects.select_for_update(no_key=True).filter(pk=row.pk).first()
    if found is None:
        message = _("This has been deleted meanwhile.")
        raise Refused(message)
    check_condition()
    return found


def _see(row: Allowed, column: str, ids: Collection[str], now: datetime) -> None:
    change_row(row, {column: list(dict.fromkeys(ids))}, now, SEEN)


def _save_each(kind: Kind, rows: list[Any], actor: Actor, now: datetime) -> None:
    for row in rows:
        row.updated_at = now
    kind.objects.bulk_update(rows, [COMPONENTS, "updated_at"], batch_size=1000)
    _record(rows, "updated", actor, now)


def _record(rows: list[Any], verb: str, actor: Actor, now: datetime) -> None:
    if rows:
        name = "page_access_user" if isinstance(rows[0], PageAccessUser) else "page_access_group"
        facts = [Fact(f"{name}.{verb}", name, pk, said) for pk, said in _facts(rows).items()]
        append(facts, actor=actor, at=now, page_id=rows[0].page_id)


def _facts(rows: list[Any]) -> dict[str, dict[str, Any]]:
    """What is said of each of one kind, by id. One query, however many there are."""
    links: Any = PageAccessGroup.users.through
    said = {
        row.pk: {name: one for name, one in state(row).items() if name not in USER_FIELDS} for row in rows
    }
    of_users = bool(rows) and isinstance(rows[0], PageAccessUser)
    mine, other = ("pageaccessuser_id", "pageaccessgroup_id")[:: 1 if of_users else -1]
    listed = "page_access_group_ids" if of_users else "page_access_user_ids"
    for facts in said.values():
        facts[listed] = []
    for pk, linked in (
        links.objects.filter(**{f"{mine}__in": list(said)}).order_by(other).values_list(mine, other)
    ):
        said[pk][listed].append(linked)
    return said


@contextmanager
def _unique(page_id: str, fields: Mapping[str, Any], but: str = "") -> Iterator[None]:
    """What the block writes is nobody else's on the page."""
    others = PageAccessUser.objects.filter(page=page_id).exclude(pk=but)
    for name, value in fields.items():
        if value and others.filter(**{name: value}).exists():
            raise Taken(_taken(), name)
    try:
        yield
    except IntegrityError as error:
        raise Taken(_taken()) from error


def _taken() -> str:
    return _("Somebody on this page has this already.")


def _user_fields(fields: dict[str, Any]) -> dict[str, Any]:
    email = fields.get("email")
    spelled = {"email": email.strip().lower()} if isinstance(email, str) else {}
    return given(fields | spelled, USER_FIELDS, PageAccessUser)


def _checked(page_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    """`fields`, with each id in its lists once, and of the page."""
    lists = {name: list(dict.fromkeys(fields[name])) for name in SEEN & fields.keys()}
    for column, ids in lists.items():
        _check_ids(page_id, column, ids)
    return fields | lists


def _check_ids(page_id: str, column: str, ids: Collection[str]) -> None:
    rows = Component.objects.present() if column == COMPONENTS else Metric.objects.all()
    _check_found(ids, rows.filter(page=page_id, pk__in=ids).values_list("pk", flat=True), column)


def _groups(page_id: str, ids: Collection[str]) -> list[PageAccessGroup]:
    found = list(_own(PageAccessGroup, page_id, ids))
    _check_found(ids, [one.pk for one in found], _field_of(PageAccessGroup))
    return found


def _users(page_id: str, ids: Collection[str]) -> list[PageAccessUser]:
    found = list(_own(PageAccessUser, page_id, ids))
    _check_found(ids, [one.pk for one in found], _field_of(PageAccessUser))
    return found


def _own(kind: Kind, page_id: str, ids: Collection[str]) -> Any:
    return kind.objects.filter(page=page_id, pk__in=ids).order_by("pk")


def _field_of(kind: Kind) -> str:
    return "page_access_user_ids" if kind is PageAccessUser else "page_access_group_ids"


def _check_found(ids: Collection[str], found: Collection[str], field: str) -> None:
    missing = sorted(set(ids).difference(found))
    if missing:
        message = _("This page has none of these: %(ids)s.") % {"ids": ", ".join(missing[:10])}
        raise Refused(message, field)
