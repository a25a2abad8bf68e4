"""What people type about SMS of an organisation."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class SmsForm(forms.Form):
    """The fields are called as the verb calls them."""

    sms_countries = forms.MultipleChoiceField(
        label=_("To numbers of"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: of all these countries."),
    )
    sms_daily_cap = forms.DecimalField(
        label=_("At most a day"), required=False, max_digits=10, decimal_places=2
    )

    def __init__(self, tenant: Tenant, typed: QueryDict | None) -> None:
        known = {"sms_countries": tenant.sms_countries, "sms_daily_cap": tenant.sms_daily_cap}
        super().__init__(typed, initial=known)
        offered = sorted(settings.SMS_COUNTRIES)
        self.fields["sms_countries"].choices = [(one, one) for one in offered]  # type: ignore[attr-defined]
        self.fields["sms_daily_cap"].help_text = _(
            "Empty: %(most)s, as the installation has it. Days are those of UTC."
        ) % {"most": settings.SMS_DAILY_CAP}
