"""What is asked at signing up beside address and password, and of one's own account."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.actions import rename_user
from tenants.models import User


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        required=False,
        help_text=_("Seen by the people you work with; never by visitors."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class SignupForm(NameForm):
    """The base of django-allauth's own."""

    def signup(self, request: HttpRequest, user: User) -> None:
        rename_user(user, self.cleaned_data["name"])
