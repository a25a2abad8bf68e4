"""The platform's own screens: organisations, hosts, people and who works for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import SiteAdmin, VerbAdmin, VerbForm
from events.actor import person_behind
from tenants.actions import create_tenant, create_user, set_active, set_reminders, set_role
from tenants.models import Membership, Role, Tenant, User
from tenants.sms import limit_sms


class TenantForm(VerbForm):
    class Meta:
        model = Tenant
        fields = ["name", "slug"]

    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.filter(is_active=True), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False


class TenantAdmin(VerbAdmin):
    form = TenantForm
    list_display = ["name", "slug", "pages", "desk", "created_at"]
    search_fields = ["name", "slug", "id"]
    adding = [(None, {"fields": ["name", "slug", "owner"]})]
    viewing = [(None, {"fields": ["name", "slug", "id", "schema_name", "desk", "pages", "created_at"]})]
    editing = [
        *viewing,
        (
            _("SMS"),
            {
                "fields": ["sms_countries", "sms_daily_cap"],
                "description": _("Within what the installation allows; empty: all of that."),
            },
        ),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.viewing[0][1]["fields"] if obj else []

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        given = form.cleaned_data
        limit_sms(row, person_behind(request), given["sms_countries"] or [], given["sms_daily_cap"])

    def create(self, request: HttpRequest, form: Any) -> Tenant:
        return create_tenant(**form.cleaned_data, actor=person_behind(request))

    @admin.display(description=_("its admin"))
    def desk(self, row: Tenant) -> SafeString:
        return format_html('<a href="/o/{}/admin/">/o/{}/admin/</a>', row.slug, row.slug)

    @admin.display(description=_("pages"))
    def pages(self, row: Tenant) -> str:
        return ", ".join(row.domains.filter(kind="slug").values_list("host", flat=True))


class DomainAdmin(SiteAdmin):
    list_display = ["host", "tenant", "kind", "page_id", "created_at"]
    list_filter = ["kind", ("tenant", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["tenant"]
    search_fields = ["host", "page_id"]


class NewUserForm(VerbForm):
    class Meta:
        model = User
        fields = ["email", "name"]

    password = forms.CharField(
        label=_("First password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
        help_text=_("Hand it over yourself: nothing is sent. It can be changed after signing in."),
    )


class UserForm(VerbForm):
    class Meta:
        model = User
        fields = ["is_active"]
        labels = {"is_active": _("May sign in")}
        help_texts = {"is_active": _("Taken away, it ends at once. What the person did stays.")}


class UserAdmin(VerbAdmin):
    list_display = ["email", "name", "is_active", "is_staff", "last_login", "date_joined"]
    list_filter = ["is_staff", "is_active"]
    search_fields = ["email", "name"]
    adding = [(None, {"fields": ["email", "name", "password"]})]
    editing = [(None, {"fields": ["email", "name", "is_active", "is_staff", "works_for", "last_login"]})]
    stays = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = UserForm if obj else NewUserForm
        return super().get_form(request, obj, change=change, **{"form": form} | kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["email", "name", "is_staff", "works_for", "last_login"] if obj else []

    def create(self, request: HttpRequest, form: Any) -> User:
        return create_user(**form.cleaned_data)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        if form.changed(["is_active"]):
            set_active(row, form.cleaned_data["is_active"], person_behind(request))

    @admin.display(description=_("works for"))
    def works_for(self, row: User) -> str:
        memberships = row.memberships.select_related("tenant")
        return ", ".join(f"{one.tenant} ({one.get_role_display()})" for one in memberships)


class MembershipForm(VerbForm):
    class Meta:
        model = Membership
        fields = ["user", "tenant", "role", "wants_reminders"]


class MembershipAdmin(VerbAdmin):
    form = MembershipForm
    list_display = ["user", "tenant", "role", "created_at"]
    adding = editing = [(None, {"fields": ["user", "tenant", "role", "wants_reminders"]})]
    list_filter = ["role", ("tenant", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["user", "tenant"]
    search_fields = ["user__email", "user__name", "tenant__name", "tenant__slug"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["user", "tenant"] if obj else []

    def create(self, request: HttpRequest, form: Any) -> Membership:
        given, actor = form.cleaned_data, person_behind(request)
        membership = set_role(given["user"], given["tenant"], Role(given["role"]), actor)
        if membership.wants_reminders != given["wants_reminders"]:
            set_reminders(membership, given["wants_reminders"], actor)
        return membership

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        if form.changed(["role"]):
            set_role(row.user, row.tenant, Role(form.cleaned_data["role"]), person_behind(request))
        if form.changed(["wants_reminders"]):
            set_reminders(row, form.cleaned_data["wants_reminders"], person_behind(request))
