"""Metrics and their sources in an organisation's admin. Keys go in and never come out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import badge
from events.actor import Actor
from metrics.actions import (
    METRIC_FIELDS,
    PROVIDER_FIELDS,
    create_metric,
    create_provider,
    delete_metric,
    delete_provider,
    update_metric,
    update_provider,
)
from metrics.credentials import FIELDS as KEYS
from metrics.models import Metric, MetricsProvider
from metrics.points import reset_data
from pages.admin_base import PageBoundAdmin, PageForm
from pages.links import page_url
from pages.models import StatusPage
from tenants.models import Role


def _secret(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown."),
    )


def _state(row: Metric | MetricsProvider, *, fine: bool) -> SafeString:
    if row.is_failing:
        return badge("dead", _("Fails"))
    return badge("active", _("Works")) if fine else badge("waiting", _("Waiting"))


class MetricsProviderForm(PageForm):
    class Meta:
        model = MetricsProvider
        fields = sorted(PROVIDER_FIELDS)

    email = forms.CharField(label=_("E-mail"), required=False, help_text=_("For Librato."))
    password = _secret(_("Password"))
    api_key = _secret(_("API key"))
    api_token = _secret(_("API token"))
    application_key = _secret(_("Application key"))


class MetricsProviderAdmin(PageBoundAdmin):
    """Keys of other services are for admins."""

    form = MetricsProviderForm
    needs_to_view = needs = Role.ADMIN
    list_display = ["__str__", "page", "state", "last_revalidated_at", "last_error"]
    list_filter = ["kind", ("page", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["page"]
    delete_warning = _("Its metrics go with it, and all of their points.")
    shown = ["state", "last_revalidated_at", "last_error", "failed_at", "next_try_at"]
    settings = [(None, {"fields": ["kind", "metric_base_uri", "disabled"]})]
    keys = (
        _("Keys"),
        {
            "fields": list(KEYS),
            "description": _(
                "Datadog: API key and application key. New Relic: API key. Librato: e-mail and API token. "
                "Pingdom: API token. To keep one, leave it empty. For another server, enter all of them."
            ),
        },
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*([(None, {"fields": self.shown})] if obj else []), *self.settings, self.keys]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else []

    def create(self, request: HttpRequest, form: Any) -> MetricsProvider:
        return create_provider(self.page(request), self.actor(request), **form.cleaned_data)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        changed = form.changed(PROVIDER_FIELDS | set(KEYS))
        if changed:
            update_provider(self.page(request), row, self.actor(request), **changed)

    def remove(self, request: HttpRequest, row: Any) -> None:
        delete_provider(self.page_of(row), row, self.actor(request))

    @admin.display(description=_("state"))
    def state(self, row: MetricsProvider) -> SafeString:
        return _state(row, fine=row.takes_points or row.last_revalidated_at is not None)


class MetricForm(PageForm):
    class Meta:
        model = Metric
        fields = ["provider", *sorted(METRIC_FIELDS)]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].required = False
        if not self.instance.created_at:
            self.initial["position"] = None
            self.fields["provider"].queryset = self.page.metrics_providers.all()  # type: ignore[attr-defined]


class MetricAdmin(PageBoundAdmin):
    form = MetricForm
    list_display = ["name", "provider", "page", "display", "state", "most_recent_data_at"]
    list_filter = ["display", ("page", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["page", "provider"]
    search_fields = ["name"]
    actions = ["reset_chosen"]
    delete_warning = _("All of its points go with it.")
    shown = ["provider", "state", "most_recent_data_at", "last_fetched_at", "last_error", "failed_at"]
    what = ["name", "tooltip_description", "display", "position"]
    source = (_("At its source"), {"fields": ["metric_identifier", "application_id", "transform"]})
    chart = (
        _("Chart"),
        {"fields": ["suffix", "decimal_places", "y_axis_min", "y_axis_max", "y_axis_hidden"]},
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        first = [*self.shown, *self.what] if obj else ["provider", *self.what]
        return [(None, {"fields": first}), self.chart, self.source]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else []

    def create(self, request: HttpRequest, form: Any) -> Metric:
        fields = {name: value for name, value in form.cleaned_data.items() if value is not None}
        provider = fields.pop("provider")
        return create_metric(self.page(request), provider, self.actor(request), **fields)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        changed = form.changed(METRIC_FIELDS)
        if changed.get("position", 0) is None:
            del changed["position"]
        if changed:
            update_metric(self.page(request), row, self.actor(request), **changed)

    def remove(self, request: HttpRequest, row: Any) -> None:
        delete_metric(self.page_of(row), row, self.actor(request))

    def public_url(self, row: Any) -> str:
        return f"{page_url(row.page)}/metrics/{row.pk}" if row.display else ""

    @admin.action(description=_("Forget all points"), permissions=["change"])
    def reset_chosen(self, request: HttpRequest, queryset: QuerySet[Metric]) -> None:
        now = timezone.now()

        def reset(page: StatusPage, metric: Metric, actor: Actor) -> None:
            reset_data(page, metric, actor, now)

        self.each(request, queryset, reset)

    @admin.display(description=_("state"))
    def state(self, row: Metric) -> SafeString:
        return _state(row, fine=row.most_recent_data_at is not None)
