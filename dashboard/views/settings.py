"""A page as a whole: what it is called, how it counts and tells, from whom its mail is, and its end."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.names import proof
from dashboard.doing import does, told
from dashboard.forms.settings import SECTIONS, SenderForm, fields_of
from dashboard.gates import PageRequest, page_screen
from dashboard.typed import typed
from notifications.models import MailSender
from notifications.senders import domain_of, set_sender
from notifications.senders_check import check, found
from pages.actions import delete_page, update_page
from pages.models import StatusPage
from tenants.models import Role


@page_screen(Role.ADMIN)
def settings(request: PageRequest, section: str = "general") -> HttpResponse:
    """One section of SECTIONS."""
    if section not in SECTIONS:
        raise Http404
    label, form_class = SECTIONS[section]
    # A copy: what is typed must not show anywhere else before it is saved.
    form = form_class(typed(request), instance=StatusPage.objects.get(pk=request.page.pk))
    sent = request.method == "POST" and form.is_valid()
    if sent and does(form, lambda: update_page(request.page, request.actor, **fields_of(form))):
        messages.success(request, _("Saved. Visitors see it now."))
        return redirect("settings_section", request.page.pk, section)
    values = {"form": form, "section": section, "title": label}
    return render(request, "dashboard/settings/section.html", values)


@page_screen(Role.ADMIN)
def sender(request: PageRequest) -> HttpResponse:
    """From whom the page's mail is, and whether it will arrive."""
    form = SenderForm(typed(request), instance=_sender(request))
    sent = request.method == "POST" and form.is_valid()
    if sent and does(form, lambda: set_sender(request.page, request.actor, form.sender)):
        messages.success(request, _("Saved."))
        return redirect("sender", request.page.pk)
    row = _sender(request)
    domain = domain_of(row.address) if row else ""
    values: dict[str, Any] = {"form": form, "section": "sender", "sender": row}
    values["findings"] = found(row) if row else []
    if domain:
        values |= dict(zip(("record", "text"), proof(request.organisation.pk, domain), strict=True))
    return render(request, "dashboard/settings/sender.html", values)


@require_POST
@page_screen(Role.ADMIN)
def sender_check(request: PageRequest) -> HttpResponse:
    """Ask DNS now."""
    row = _sender(request)
    if row is not None:
        check(row)
    return redirect("sender", request.page.pk)


def _sender(request: PageRequest) -> MailSender | None:
    row: MailSender | None = (
        MailSender.objects.of(request.organisation.pk).filter(page_id=request.page.pk).first()
    )
    return row


@page_screen(Role.ADMIN)
def page_unpublish(request: PageRequest) -> HttpResponse:
    """Asks first: visitors find nothing there until it is launched again."""
    page = request.page
    if not page.published:
        return redirect("page_delete", page.pk)
    if request.method != "POST":
        return render(request, "dashboard/settings/unpublish.html", {"section": "delete"})
    done = _("“%(name)s” is taken off: visitors are told that there is no page.") % {"name": page.name}
    told(request, lambda: update_page(page, request.actor, published=False), done)
    return redirect("page_delete", page.pk)


@page_screen(Role.ADMIN)
def page_delete(request: PageRequest) -> HttpResponse:
    """Asks for the page's name, and who is there."""
    if request.method != "POST":
        kept = typed(request)
        values = {"section": "delete", "name": kept.get("name", "") if kept else ""}
        return render(request, "dashboard/settings/delete.html", values)
    if request.POST.get("name", "").strip() != request.page.name:
        problem = _("That is not the page's name. Nothing was deleted.")
        values = {"section": "delete", "problem": problem}
        return render(request, "dashboard/settings/delete.html", values, status=422)
    done = _("“%(name)s” is deleted: its address answers that there is no page.") % {
        "name": request.page.name
    }
    told(request, lambda: delete_page(request.page, request.actor), done)
    return redirect("index")
