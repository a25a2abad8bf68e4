"""What people type about a page as a whole."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.admin import VerbForm
from copies.actions import KEY_FIELDS, PLACE_FIELDS
from copies.models import CopyTarget
from dashboard.forms.base import LongSelect
from notifications.models import MailSender
from notifications.senders import Sender
from pages.choices import WayOfTelling
from pages.models import StatusPage
from subscribers.choices import Channel

WAYS = {
    WayOfTelling.PAGE: _("The whole page"),
    WayOfTelling.INCIDENT: _("One incident"),
    WayOfTelling.EMAIL: Channel.EMAIL.label,
    WayOfTelling.SMS: Channel.SMS.label,
    WayOfTelling.WEBHOOK: Channel.WEBHOOK.label,
}


class GeneralForm(VerbForm):
    class Meta:
        model = StatusPage
        fields = ["name", "slug", "description", "language", "time_zone", "page_type", "noindex"]
        labels = {
            "slug": _("Address name"),
            "description": _("Description"),
            "language": _("Language"),
            "page_type": _("Who may read it"),
            "noindex": _("Hide it from search engines"),
        }

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=[(name, name) for name in sorted(zoneinfo.available_timezones())],
        widget=LongSelect,
    )


class UptimeForm(VerbForm):
    class Meta:
        model = StatusPage
        fields = [
            "show_uptime",
            "uptime_days",
            "history_days",
            "major_weight",
            "partial_weight",
            "degraded_weight",
            "maintenance_counts",
            "minimum_outage",
        ]
        labels = {
            "show_uptime": _("Show uptime on the page"),
            "uptime_days": _("Days of uptime shown"),
            "history_days": _("Days of past incidents on the page"),
            "major_weight": _("Weight of a major outage"),
            "partial_weight": _("Weight of a partial outage"),
            "degraded_weight": _("Weight of degraded performance"),
            "maintenance_counts": _("Maintenance counts as down"),
            "minimum_outage": _("Shortest outage that counts"),
        }


class TellingForm(VerbForm):
    class Meta:
        model = StatusPage
        fields = ["sms_every_update", "remind_after", "remind_before"]
        labels = {
            "sms_every_update": _("Every update by SMS"),
            "remind_after": _("Remind the team after so many minutes without an update"),
            "remind_before": _("Remind the team so many minutes before a promised update"),
        }

    offered = forms.MultipleChoiceField(
        label=_("What visitors can subscribe to"),
        choices=list(WAYS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["offered"] = [one for one in WAYS if one not in self.instance.closed_ways]
        self.fields["offered"].show_hidden_initial = True


# What is set where, by the word in the address.
SECTIONS: Mapping[str, tuple[Any, type[VerbForm]]] = {
    "general": (_("General"), GeneralForm),
    "uptime": (_("Uptime"), UptimeForm),
    "telling": (_("Telling"), TellingForm),
}


def fields_of(form: VerbForm) -> dict[str, Any]:
    """What was changed, as `update_page` takes it."""
    fields = form.changed({*form._meta.fields, "offered"})  # type: ignore[misc]
    if "offered" in fields:
        offered = fields.pop("offered")
        fields["closed_ways"] = [one.value for one in WAYS if one not in offered]
    return fields


class SenderForm(forms.ModelForm):
    class Meta:
        model = MailSender
        fields = ["name", "address", "reply_to"]
        labels = {"name": _("Name"), "address": _("From"), "reply_to": _("Answers go to")}
        help_texts = {
            "name": _("Such as “Acme Status”."),
            "address": _("Of your own domain, which has to be proved; until then mail is from ours."),
        }

    def _post_clean(self) -> None:
        """In the place of the model's own validation, which the verb does."""

    @property
    def sender(self) -> Sender:
        given = self.cleaned_data
        return Sender(given["name"], given["address"], given["reply_to"])


class CopyForm(VerbForm):
    class Meta:
        model = CopyTarget
        fields = ["kind", *sorted(PLACE_FIELDS)]
        labels = {
            "kind": _("Kind"),
            "folder": _("Folder"),
            "endpoint": _("Endpoint"),
            "region": _("Region"),
            "bucket": _("Bucket"),
            "prefix": _("Path in the bucket"),
        }

    access_key_id = forms.CharField(
        label=_("Access key id"), required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    secret_access_key = forms.CharField(
        label=_("Secret access key"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown. To change it, give both."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.created_at:
            del self.fields["kind"]

    @property
    def fields_changed(self) -> dict[str, Any]:
        return self.changed(PLACE_FIELDS | KEY_FIELDS)
