"""Everything of an organisation as one archive: a file of JSON lines for each table.

It is made while it is fetched, some rows at a time, so memory does not grow with the organisation and
nothing is left lying around.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.utils import timezone

from common.tenancy import in_tenant
from notifications.models import Attempt, Delivery, EndpointHealth, MailSender, Notification, Suppression
from tenants.models import ApiKey, Domain, Invitation, Membership, PageRole, Tenant, User

_STEP = 1000
_OWNED: tuple[type[Model], ...] = (
    Notification,
    Delivery,
    Suppression,
    EndpointHealth,
    MailSender,
    Domain,
    Membership,
    Invitation,
    ApiKey,
)
# Of no use to anybody but us.
_LEFT_OUT = {"secret_hash", "token_hash", "code_hash", "lease_token", "lease_until"}
_READ_ME = """{name}, as of {at}.

One file for each table, one JSON object a line, by the names of columns. Folders are named as parts of the
service: pages, components, incidents, subscribers, events, metrics, notifications, tenants. Times are in UTC.
Pictures are base64. Secrets stay encrypted, and can be read only by the installation that kept them.
"""


class _Pieces(io.RawIOBase):
    """What the archive has written since it was last asked: it cannot be gone back in."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


def archive(tenant: Tenant) -> Iterator[bytes]:
    """A ZIP file in pieces. Each is read at a moment of its own: what changes meanwhile is in it as it was
    or as it became."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("README.txt", _READ_ME.format(name=tenant.name, at=timezone.now().isoformat()))
        for name, rows in _tables(tenant):
            with file.open(f"{name}.jsonl", "w", force_zip64=True) as table:
                for lines in _lines(tenant, rows):
                    table.write(lines)
                    yield pieces.take()
    yield pieces.take()


def _tables(tenant: Tenant) -> Iterator[tuple[str, QuerySet[Any]]]:
    for app in settings.TENANT_APPS:
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            yield _name(model), QuerySet(model)
    for owned in _OWNED:
        yield _name(owned), QuerySet(owned).filter(tenant_id=tenant.pk)
    yield _name(Attempt), Attempt.objects.filter(delivery__tenant_id=tenant.pk)
    yield _name(PageRole), PageRole.objects.filter(membership__tenant=tenant)
    people = User.objects.filter(memberships__tenant=tenant)
    yield "tenants/people", people.only("pk", "email", "name")


def _name(model: type[Model]) -> str:
    return f"{model._meta.app_label}/{model._meta.model_name}"


def _lines(tenant: Tenant, rows: QuerySet[Any]) -> Iterator[bytes]:
    """By primary key, some at a time."""
    after: Any = None
    while True:
        with in_tenant(tenant.pk):
            further = rows if after is None else rows.filter(pk__gt=after)
            found = list(further.order_by("pk")[:_STEP])
        if not found:
            return
        yield b"".join(_line(row) for row in found)
        after = found[-1].pk


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
