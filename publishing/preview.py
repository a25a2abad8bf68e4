"""A page as its visitors will see it, before it is launched: for whoever holds a signed link."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from common.tenancy import current_tenant_id, in_tenant
from pages.links import origin
from pages.models import StatusPage
from publishing.audience import public_view
from publishing.build import Builder
from publishing.documents import all_slices, hot_documents, slice_documents
from publishing.isolation import page_at_one_version
from store import Document
from store.emergency import RESERVED

_SALT = "publishing.preview"
_VALID = timedelta(days=14)


def preview_url(page: StatusPage) -> str:
    """A link to the page of the current tenant that needs no sign-in and works for two weeks."""
    token = signing.dumps([current_tenant_id(), page.pk], salt=_SALT)
    return f"{origin(settings.APP_HOSTS[0])}/preview/{token}/"


@require_safe
def preview(request: HttpRequest, token: str, path: str) -> HttpResponse:
    """One document of the page, built now, with its links leading to others of the preview."""
    try:
        tenant_id, page_id = signing.loads(token, salt=_SALT, max_age=_VALID)
    except signing.BadSignature as error:
        raise Http404 from error
    with in_tenant(tenant_id):
        found = _document(page_id, f"/{path}")
    body = found.body
    if found.content_type.startswith("text/html"):
        # Every link of a document begins at its host's root.
        body = body.replace(b'="/', f'="/preview/{token}/'.encode())
        # Nobody tells a preview of changes.
        body = body.replace(b" data-live", b"")
    return HttpResponse(body, content_type=found.content_type, status=found.status)


def _document(page_id: str, path: str) -> Document:
    """Cold documents are built only where the path is none of the hot ones."""
    with page_at_one_version(page_id) as page:
        if page is None:
            raise Http404
        builder = Builder(page, public_view(page))
        found = {document.path: document for document in hot_documents(builder)}
        if path not in found:
            cold = (one for name in all_slices(builder) for one in slice_documents(builder, name))
            found |= {document.path: document for document in cold}
    return found["/404"] if path.startswith(RESERVED) or path not in found else found[path]
