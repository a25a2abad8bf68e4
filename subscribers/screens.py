"""Tables of subscribers in an organisation's admin: taken away as a file, and brought in from one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _

from common.errors import Refused
from common.streaming import in_steps
from common.tenancy import current_tenant_id, in_tenant
from pages.models import StatusPage
from subscribers.models import SubscriberQuerySet
from subscribers.reading import Read, read, text_of
from subscribers.table import head, step

_WITHIN = 3600
_SALT = "subscribers.import"


def download(rows: SubscriberQuerySet, name: str) -> StreamingHttpResponse:
    """The rows as CSV, some at a time: memory does not grow with them."""
    lines = in_steps(_lines(current_tenant_id(), rows))
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _lines(tenant_id: str, rows: SubscriberQuerySet) -> Iterator[str]:
    yield head()
    after = ""
    while True:
        with in_tenant(tenant_id):
            text, after = step(rows.all(), after)
        if not after:
            return
        yield text


@dataclass(frozen=True, slots=True)
class Preview:
    """What importing a text would do. `seal` brings back this very text, to this person and page alone."""

    found: Read
    seal: str


def preview(page: StatusPage, request: HttpRequest) -> Preview:
    """Of the file that was sent. Raises Refused for what is no such table."""
    upload: Any = request.FILES.get("table")
    if upload is None:
        raise Refused(_("Choose a file first."), "table")
    return _preview(page, request, text_of(upload.read()))


def previewed(page: StatusPage, request: HttpRequest) -> Preview:
    """Again, of the text that was looked at before. Raises Refused where that is too long ago."""
    try:
        sealed = signing.loads(request.POST.get("seal", ""), salt=_salt(page, request), max_age=_WITHIN)
    except signing.BadSignature as error:
        raise Refused(_("That was too long ago. Choose the file once more."), "table") from error
    return _preview(page, request, str(sealed))


def _preview(page: StatusPage, request: HttpRequest, text: str) -> Preview:
    seal = signing.dumps(text, salt=_salt(page, request), compress=True)
    return Preview(read(page, text), seal)


def _salt(page: StatusPage, request: HttpRequest) -> str:
    return f"{_SALT}.{page.pk}.{request.user.pk}"
