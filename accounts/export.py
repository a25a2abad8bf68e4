"""Everything of an organisation, or of one of its pages, as one archive: a file of JSON lines a table.

It is made while it is fetched, some rows at a time, so memory does not grow with the organisation.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, cast

from django.apps import apps
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from common.tenancy import in_tenant
from common.zipping import zipped
from notifications.models import Attempt, Delivery, EndpointHealth, MailSender, Notification, Suppression
from pages.models import Asset, StatusPage
from tenants.models import ApiKey, Domain, Invitation, Membership, PageRole, Tenant, User

_STEP = 1000
_OWNED: tuple[type[Model], ...] = (
    Notification,
    Suppression,
    EndpointHealth,
    MailSender,
    Domain,
    Membership,
    Invitation,
    ApiKey,
)
_OWNED_BY_PAGE: tuple[type[Model], ...] = (Notification, MailSender, Domain)
# Of no use to anybody but us.
_LEFT_OUT = {"secret_hash", "token_hash", "code_hash", "lease_token", "lease_until"}
_READ_ME = """{name}, as of {at}.

One file for each table, one JSON object a line, by the names of columns. Folders are named as parts of the
service: pages, components, incidents, subscribers, events, metrics, notifications, tenants. Times are in UTC.
Pictures are base64. Secrets stay encrypted, and can be read only by the installation that kept them.
"""


def archive(tenant: Tenant, page: StatusPage | None = None) -> Iterator[bytes]:
    """A ZIP file in pieces, of all of the organisation or of one page. Each is read at a moment of its own:
    what changes meanwhile is in it as it was or as it became."""
    tables = _tables(tenant) if page is None else _tables_of(tenant, page)
    named = tenant.name if page is None else f"{page.name} ({tenant.name})"
    about = _READ_ME.format(name=named, at=timezone.now().isoformat()).encode()
    files = [(name, _by_key(tenant, rows)) for name, rows in tables]
    files += [(_name(Delivery), _sent(tenant, page)), (_name(Attempt), _tries(tenant, page))]
    said = ((f"{name}.jsonl", map(_lines, steps)) for name, steps in files)
    return zipped(chain([("README.txt", [about])], said))


def _tables(tenant: Tenant) -> Iterator[tuple[str, QuerySet[Any]]]:
    for model in _models():
        yield _name(model), QuerySet(model)
    for owned in _OWNED:
        yield _name(owned), QuerySet(owned).filter(tenant_id=tenant.pk)
    yield _name(PageRole), PageRole.objects.filter(membership__tenant=tenant)
    people = User.objects.filter(memberships__tenant=tenant)
    yield "tenants/people", people.only("pk", "email", "name")


def _tables_of(tenant: Tenant, page: StatusPage) -> Iterator[tuple[str, QuerySet[Any]]]:
    """What hangs on the page, however far. Members, keys and what is not about one page are left out."""
    images = [page.logo_light_id, page.logo_dark_id, page.favicon_id]
    yield _name(Asset), Asset.objects.filter(pk__in=[one for one in images if one])
    for model in _models():
        if way := _way_to_page(model):
            yield _name(model), QuerySet(model).filter(**{way: page.pk})
    for owned in _OWNED_BY_PAGE:
        yield _name(owned), QuerySet(owned).filter(tenant_id=tenant.pk, page_id=page.pk)


def _models() -> Iterator[type[Model]]:
    for app in settings.TENANT_APPS:
        yield from apps.get_app_config(app).get_models(include_auto_created=True)


def _way_to_page(model: type[Model]) -> str:
    """The look-up that leads from a row to its page's id; "": none does."""
    if model is StatusPage:
        return "pk"
    fields = model._meta.concrete_fields
    if any(field.attname == "page_id" for field in fields):
        return "page_id"
    for field in fields:
        if field.is_relation and (further := _way_to_page(cast(type[Model], field.related_model))):
            return f"{field.name}__{further}"
    return ""


def _name(model: type[Model]) -> str:
    return f"{model._meta.app_label}/{model._meta.model_name}"


def _by_key(tenant: Tenant, rows: QuerySet[Any]) -> Iterator[Sequence[Model]]:
    """By primary key, some at a time."""
    further = rows = rows.order_by("pk")
    while found := _read(tenant, further[:_STEP]):
        yield found
        further = rows.filter(pk__gt=found[-1].pk)


def _sent(tenant: Tenant, page: StatusPage | None) -> Iterator[Sequence[Delivery]]:
    """By recipient, as an index of the organisation's own has them: by primary key they stand among those of
    all others, which would be read as well."""
    rows = Delivery.objects.of(tenant.pk).order_by("subscriber_id", "pk")
    further = rows = rows if page is None else rows.filter(page_id=page.pk)
    while found := _read(tenant, further[:_STEP]):
        yield found
        last = found[-1]
        beyond = Q(subscriber_id__gt=last.subscriber_id) | Q(pk__gt=last.pk)
        further = rows.filter(beyond, subscriber_id__gte=last.subscriber_id)


def _tries(tenant: Tenant, page: StatusPage | None) -> Iterator[Sequence[Attempt]]:
    for few in _sent(tenant, page):
        tries = Attempt.objects.filter(delivery__in=[one.pk for one in few])
        yield _read(tenant, tries.order_by("delivery_id", "number"))


def _read(tenant: Tenant, rows: QuerySet[Any]) -> list[Any]:
    with in_tenant(tenant.pk):
        return list(rows)


def _lines(rows: Sequence[Model]) -> bytes:
    return b"".join(map(_line, rows))


def _line(row: Model) -> bytes:
    deferred = row.get_deferred_fields() | _LEFT_OUT
    columns = [field.attname for field in row._meta.concrete_fields if field.attname not in deferred]
    said = {name: getattr(row, name) for name in columns}
    return json.dumps(said, cls=_Encoder, ensure_ascii=False).encode() + b"\n"


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        if isinstance(o, bytes | memoryview):
            return base64.b64encode(bytes(o)).decode()
        return super().default(o)
