"""What templates of screens say: times, signs, icons, addresses with changed queries."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.forms.utils import flatatt
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _

from common.markdown import to_html
from dashboard.audit_words import deed
from dashboard.forms.statuses import OPTIONS
from dashboard.stencils import fill

register = template.Library()
register.filter(deed)


@register.filter
def markdown(source: str, heading: int = 4) -> SafeString:
    """As visitors see it."""
    return mark_safe(to_html(source, heading))  # noqa: S308 (cleaned there)


@register.simple_tag
@lru_cache(maxsize=1024, typed=True)
def icon(name: str, label: str = "") -> SafeString:
    """A drawing of static/dashboard/icons.svg. Beside a word it says nothing; alone it needs a `label`."""
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    address = f"{static('dashboard/icons.svg')}#{name}"
    return format_html('<svg class="icon" {}><use href="{}"/></svg>', said, address)


@register.simple_tag
@lru_cache(maxsize=64)
def sign(status: str) -> SafeString:
    """The shape that stands for a component's status, an impact or an indicator; the word stands beside."""
    address = f"{static('dashboard/icons.svg')}#is-{status}"
    return format_html('<svg class="sign is-{}" aria-hidden="true"><use href="{}"/></svg>', status, address)


@register.simple_tag
def status(value: str, label: object) -> SafeString:
    """A component's status, an impact or an indicator with its shape, as `label` says it."""
    return format_html('<span class="status is-{}">{}{}</span>', value, sign(value), label)


@register.simple_tag
def component_statuses() -> list[tuple[str, str, str]]:
    """Each with its word and its key."""
    return [(value, str(label), key) for value, label, key in OPTIONS]


@register.simple_tag
def impact_sign(impact: str) -> SafeString:
    """Of an incident: one without an impact is not therefore well."""
    return sign("unknown" if impact == "none" else impact)


@register.simple_tag
def choice(data: dict[str, Any]) -> SafeString:
    """One of a field's choices, which may be hundreds: Django would render two templates for each."""
    given = {"type": data["type"], "name": data["name"], "value": str(data["value"]), **data["attrs"]}
    return format_html("<input{}>", flatatt(given))


@register.simple_tag
def stencil(template_name: str, kind: Hashable = None, **words: str) -> SafeString:
    """A part that a list has hundreds of, alike but for a few `words`; it reads its `kind`, and those."""
    return fill(template_name, kind, words)


@register.simple_tag
def when(at: datetime | None, style: str = "DATETIME_FORMAT") -> SafeString:
    """A moment in the page's zone, which the script puts into the viewer's."""
    if at is None:
        return SafeString("–")
    said = date_format(timezone.localtime(at), style)
    return format_html(
        '<time datetime="{}" data-zone="{}">{}</time>',
        at.isoformat(),
        timezone.get_current_timezone_name(),
        said,
    )


@register.simple_tag
def ago(at: datetime, now: datetime | None = None) -> SafeString:
    """How long ago a moment was, or how far ahead it lies; kept up to date by the script."""
    now = now or timezone.now()
    ahead = at > now
    distance = (timeuntil if ahead else timesince)(at, now, depth=1)
    said = (_("in %(time)s") if ahead else _("%(time)s ago")) % {"time": distance}
    title = date_format(timezone.localtime(at), "DATETIME_FORMAT")
    zone = timezone.get_current_timezone_name()
    return format_html(
        '<time datetime="{}" title="{} ({})" data-ago>{}</time>', at.isoformat(), title, zone, said
    )


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changed: Any) -> str:
    """This screen's query with some of it changed; None takes a key out. It leads to the first page."""
    values = context["request"].GET.copy()
    values.pop("page", None)
    for name, value in changed.items():
        if value in (None, ""):
            values.pop(name, None)
        else:
            values[name] = str(value)
    return f"?{values.urlencode()}"
