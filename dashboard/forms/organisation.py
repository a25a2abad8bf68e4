"""An organisation and its members."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pages.models import StatusPage
from tenants.access import Standing
from tenants.models import Role, Tenant

_AS_IS = ("", _("As in the organisation"))


class NewOrganisationForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("As your users know you."))
    slug = forms.CharField(
        label=_("Name in addresses"),
        max_length=40,
        required=False,
        help_text=_("Lower-case letters, digits and hyphens. Left out, it is made of the name."),
    )


class RenameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)


class DeleteForm(forms.Form):
    """Typing the name keeps fingers from slipping."""

    name = forms.CharField(label=_("Type the organisation's name"), max_length=120)

    def __init__(self, tenant: Tenant, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant = tenant

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name.strip() != self.tenant.name:
            raise forms.ValidationError(_("That is not its name."))
        return name


def grantable(standing: Standing) -> list[tuple[str, Any]]:
    """The roles that somebody may give: none above their own. The least first."""
    return [(role.value, role.label) for role in reversed(Role) if role.rank <= standing.role.rank]


class RolesForm(forms.Form):
    """A role in the organisation, and one for each page where it is to differ."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, pages: Iterable[StatusPage], standing: Standing, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pages = list(pages)
        roles = grantable(standing)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]
        lesser = [one for one in roles if one[0] != Role.OWNER]
        for page in self.pages:
            self.fields[f"page_{page.pk}"] = forms.ChoiceField(
                label=page.name, choices=[_AS_IS, *lesser], required=False
            )

    @property
    def page_roles(self) -> dict[str, Role]:
        """Page id -> role, where one was chosen."""
        given = {page.pk: self.cleaned_data[f"page_{page.pk}"] for page in self.pages}
        return {page_id: Role(role) for page_id, role in given.items() if role}

    def page_fields(self) -> list[forms.BoundField]:
        return [self[f"page_{page.pk}"] for page in self.pages]


class InviteForm(RolesForm):
    email = forms.EmailField(label=_("E-mail address"))
    field_order = ["email", "role"]
