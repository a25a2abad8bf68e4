"""What every admin screen shares: it is read-only, or saves by verbs and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from common.errors import Refused

_MINUTES = "%Y-%m-%dT%H:%M"


def badge(value: str, label: object) -> SafeString:
    """A word of ours in its colour."""
    return format_html('<span class="badge badge-{}">{}</span>', value, label)


class MinuteInput(forms.DateTimeInput):
    """The browser's own picker, in the active time zone."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format=_MINUTES)


class MinuteField(forms.DateTimeField):
    """A moment to the minute. One that was not touched keeps its seconds: it does not count as changed."""

    widget = MinuteInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        shown = timezone.localtime(initial).strftime(_MINUTES) if isinstance(initial, datetime) else ""
        return shown != (data or "")


class DayInput(forms.DateInput):
    """The browser's own picker of a day."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class VerbForm(forms.ModelForm):
    """Collects what was typed. Whether it may be so is for the verb to say; its refusal is shown here."""

    refusal: Refused | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            # The form carries what it showed: what counts as changed was changed by this person.
            if name in self.initial and not isinstance(field, forms.FileField):
                field.show_hidden_initial = True

    def _post_clean(self) -> None:
        """In the place of the model's own validation, which the verb does."""
        if self.refusal is not None:
            field = self.refusal.field
            self.add_error(field if field in self.fields else None, self.refusal.message)

    def changed(self, names: Collection[str]) -> dict[str, Any]:
        """What of these fields this person changed: others may have changed the rest meanwhile."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in names}


class SiteAdmin(admin.ModelAdmin):
    """Whoever the site lets in may look. Django's own log is not written: the events are ours."""

    actions_on_bottom = False
    show_full_result_count = False

    @property
    def media(self) -> forms.Media:
        """Without jQuery: none of these screens needs it."""
        return forms.Media(js=["admin/js/core.js", "admin/js/actions.js"])

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = capfirst(self.opts.verbose_name_plural)
        zone = {"zone": timezone.get_current_timezone_name()}
        return super().changelist_view(request, {"title": title} | zone | (extra_context or {}))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context["zone"] = timezone.get_current_timezone_name()
        return super().render_change_form(request, context, *args, **kwargs)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the events of this site say of the row."""
        if not self.has_view_permission(request, self.get_object(request, object_id)):
            raise PermissionDenied
        try:
            events = reverse("admin:events_event_changelist", current_app=self.admin_site.name)
        except NoReverseMatch as error:
            raise Http404 from error
        return HttpResponseRedirect(f"{events}?{urlencode({'q': object_id})}")


class VerbAdmin(SiteAdmin):
    """Adding, changing and deleting by verbs: `create`, `update` and `remove` of the subclass.

    What a verb refuses is shown in the form, with all that was typed.
    """

    form = VerbForm
    formfield_overrides = {
        models.DateTimeField: {"form_class": MinuteField, "widget": MinuteInput},
        models.DateField: {"widget": DayInput},
        models.TextField: {"widget": forms.Textarea(attrs={"rows": 6})},
    }
    # Fieldsets for a new row, for those who may change one, and for those who may only look.
    adding: Any = ()
    editing: Any = ()
    viewing: Any = ()
    # What deleting means, said before it is done.
    delete_warning: Any = _lazy("It will be gone from the page at once. What happened stays in the events.")
    # Whether saving leads back to the form instead of the list.
    stays = False
    # What the button says that adds a row.
    add_label: Any = _lazy("Save")

    def create(self, request: HttpRequest, form: Any) -> models.Model:
        raise NotImplementedError

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        raise NotImplementedError

    def remove(self, request: HttpRequest, row: Any) -> None:
        raise NotImplementedError

    # Verbs are transactions of their own, which cannot be inside one that Django opens here.

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        except Refused as refusal:
            # Once more, with a form that knows what was refused: shown instead of saved.
            request.refusal = refusal  # type: ignore[attr-defined]
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"warning": self.delete_warning} | (extra_context or {})
        try:
            return self._delete_view(request, object_id, context)  # type: ignore[attr-defined,no-any-return]
        except Refused as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return HttpResponseRedirect(self.url("changelist"))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if not self._may_save(request, obj):
            kwargs["form"] = VerbForm
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        return type(form)(form.__name__, (form,), self.form_attributes(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.adding
        return self.editing if self._may_save(request, obj) else self.viewing

    def form_attributes(self, request: HttpRequest) -> dict[str, Any]:
        """What the form knows beside what is in it."""
        return {"refusal": getattr(request, "refusal", None)}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        adds = bool(kwargs.get("add"))
        context["show_save_and_add_another"] = adds and not self.stays
        context["save_label"] = self.add_label if adds else ""
        context["link_label"] = self.link(kwargs["obj"])[1] if kwargs.get("obj") else ""
        return super().render_change_form(request, context, *args, **kwargs)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing yet: `save_related` has the inline forms as well."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if change:
            self.update(request, form.instance, form, formsets)
        else:
            form.instance.pk = self.create(request, form).pk
        form.instance.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The verb decides what goes; nothing to be listed row by row."""
        return [str(one) for one in objs], {}, set(), []

    def construct_change_message(self, request: Any, form: Any, formsets: Any, add: bool = False) -> Any:
        return []

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Not kept: the events are the log."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Not kept: the events are the log."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Not kept: the events are the log."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return self._saved(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._saved(request, obj)

    def url(self, view: str, *arguments: str) -> str:
        """The address of one of this screen's own views."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{view}"
        return reverse(name, args=[quote(one) for one in arguments], current_app=self.admin_site.name)

    def public_url(self, row: Any) -> str:
        """Where visitors see the row; empty where they do not."""
        return ""

    def link(self, row: Any) -> tuple[str, str]:
        """Where the row can be looked at, empty where it cannot, and what to call that."""
        return self.public_url(row), _("View on the page")

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        return (self.link(obj)[0] or None) if obj is not None else None

    def _may_save(self, request: HttpRequest, row: Any) -> bool:
        return row is None or self.has_change_permission(request, row)

    def _saved(self, request: HttpRequest, row: Any) -> HttpResponse:
        self.message_user(request, self._saved_message(row), messages.SUCCESS)
        if "_addanother" in request.POST:
            return HttpResponseRedirect(request.get_full_path())
        if self.stays:
            return HttpResponseRedirect(self.url("change", row.pk))
        return self.response_post_save_change(request, row)

    def _saved_message(self, row: Any) -> str:
        text = _("“%(row)s” was saved.") % {"row": row}
        address, label = self.link(row)
        return format_html('{} <a href="{}">{}</a>', text, address, label) if address else text


class VerbInline(admin.StackedInline):
    """Rows shown inside another's form, which saves them."""

    form = VerbForm
    formfield_overrides = VerbAdmin.formfield_overrides
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @property
    def media(self) -> forms.Media:
        """Nothing can be added, so nothing needs a script."""
        return forms.Media()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Django asks for the right to change `obj` itself before it asks this."""
        return True
