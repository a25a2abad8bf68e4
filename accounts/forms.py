"""What is asked at signing up beside address and password."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.limits import UNPRINTABLE
from tenants.models import User


class SignupForm(forms.Form):
    """The base of django-allauth's own."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        required=False,
        help_text=_("Seen by the people you work with; never by visitors."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = UNPRINTABLE.sub("", self.cleaned_data["name"])
        user.save(update_fields=["name"])
