"""Postmortems: a draft for the team, published when it is ready."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import badge
from incidents.actions.postmortem import (
    delete_postmortem,
    publish_postmortem,
    revert_postmortem,
    write_postmortem,
)
from incidents.models import Incident, Postmortem
from pages.admin_base import PageBoundAdmin, PageForm
from pages.links import incident_url
from pages.models import StatusPage

_PUBLISH, _REVERT = "publish", "revert"
_DRAFT = forms.Textarea(attrs={"rows": 20, "class": "vLargeTextField"})


class PostmortemForm(PageForm):
    class Meta:
        model = Postmortem
        fields = ["draft"]
        widgets = {"draft": _DRAFT}


class NewPostmortemForm(PostmortemForm):
    incident = forms.ModelChoiceField(label=_("Incident"), queryset=Incident.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        without = self.page.incidents.present().incidents().filter(postmortem=None)
        self.fields["incident"].queryset = without  # type: ignore[attr-defined]


class EditPostmortemForm(PostmortemForm):
    then = forms.ChoiceField(label=_("And then"), required=False)
    notify = forms.BooleanField(label=_("Tell subscribers when publishing"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        published = self.instance.published_at is not None
        steps = [("", _("only keep the draft")), (_PUBLISH, _("publish it"))]
        anew = [("", _("only keep the draft")), (_PUBLISH, _("publish it anew")), (_REVERT, _("take it off"))]
        self.fields["then"].choices = anew if published else steps  # type: ignore[attr-defined]


class PostmortemAdmin(PageBoundAdmin):
    list_display = ["name", "state", "published_at", "updated_at"]
    search_fields = ["incident__name", "draft"]
    page_lookup = "incident__page"
    stays = True
    delete_warning = _("The draft is deleted, and what is published of it is taken off the page.")
    adding = [(None, {"fields": ["incident", "draft"]})]
    editing = [(None, {"fields": ["state", "draft", "then", "notify"]})]
    viewing = [(None, {"fields": ["state", "draft", "body"]})]
    readonly_fields = ["state"]

    def page_of(self, row: Any) -> StatusPage:
        return super().page_of(row.incident)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).filter(incident__deleted_at=None)
        return rows.select_related("incident__page")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = EditPostmortemForm if obj else NewPostmortemForm
        return super().get_form(request, obj, change=change, **{"form": form} | kwargs)

    def create(self, request: HttpRequest, form: Any) -> Postmortem:
        given = form.cleaned_data
        return write_postmortem(self.page(request), given["incident"], self.actor(request), given["draft"])

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        page, actor, given = self.page(request), self.actor(request), form.cleaned_data
        if form.changed(["draft"]):
            write_postmortem(page, row.incident, actor, given["draft"])
        if given["then"] == _PUBLISH:
            publish_postmortem(page, row.incident, actor, notify=given["notify"])
        elif given["then"] == _REVERT:
            revert_postmortem(page, row.incident, actor)

    def remove(self, request: HttpRequest, row: Any) -> None:
        delete_postmortem(self.page_of(row), row.incident, self.actor(request))

    def public_url(self, row: Any) -> str:
        return incident_url(self.page_of(row), row.pk) if row.published_at else ""

    @admin.display(description=_("incident"), ordering="incident__name")
    def name(self, row: Postmortem) -> str:
        return row.incident.name

    @admin.display(description=_("state"), ordering="published_at")
    def state(self, row: Postmortem) -> SafeString:
        if row.published_at is None:
            return badge("waiting", _("Draft"))
        if row.body != row.draft:
            return badge("identified", _("Published, with a newer draft"))
        return badge("resolved", _("Published"))
