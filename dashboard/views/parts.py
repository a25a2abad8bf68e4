"""`/dev/components`: every part of the design system, for whoever builds a screen. Local stack only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from components.choices import ComponentStatus
from incidents.choices import Impact, IncidentStatus


class Example(forms.Form):
    """One field of each kind."""

    name = forms.CharField(help_text="What visitors read first.")
    message = forms.CharField(widget=forms.Textarea, required=False, help_text="Markdown.")
    impact = forms.ChoiceField(choices=Impact.choices, required=False)
    status = forms.ChoiceField(
        choices=IncidentStatus.choices[:4], widget=forms.RadioSelect, initial=IncidentStatus.INVESTIGATING
    )
    channels = forms.MultipleChoiceField(
        choices=[("email", "E-mail"), ("sms", "SMS")], widget=forms.CheckboxSelectMultiple, required=False
    )
    notify = forms.BooleanField(required=False, initial=True, help_text="4,830 people.")
    begins = forms.DateTimeField(widget=forms.DateTimeInput(attrs={"type": "datetime-local"}), required=False)


@dataclass(frozen=True)
class Said:
    """A message as a toast shows it."""

    level_tag: str
    text: str

    def __str__(self) -> str:
        return self.text


def parts(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    now = timezone.now()
    wrong = Example({"name": "", "impact": "loud", "status": IncidentStatus.IDENTIFIED})
    if "toast" in request.GET:
        messages.success(request, "The incident is open.")
    values = {
        "form": Example(auto_id="good_%s"),
        "wrong": wrong,
        "statuses": ComponentStatus.choices,
        "incident_statuses": IncidentStatus.choices,
        "rows": Paginator(range(1, 60), 20).get_page(2),
        "sorted": "-name",
        "tabs": [
            ("?tab=open", "Open", True, 2),
            ("?tab=over", "Over", False, 148),
            ("?", "All", False, None),
        ],
        "crumbs": [("?", "Incidents"), ("?", "Slow answers from the API")],
        "now": now,
        "before": now - timedelta(minutes=42),
        "toasts": [Said("success", "The incident is open."), Said("error", "Somebody else was quicker.")],
    }
    return render(request, "dashboard/parts.html", values)
