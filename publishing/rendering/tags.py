"""What the page's templates may call."""

from datetime import date, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from common import markdown as common_markdown
from publishing.rendering import rows, words
from publishing.snapshot import UpdateView, YearMonth

register = template.Library()

register.filter("percent", words.percent)
register.filter("share", words.share)
register.filter("duration", words.duration)
register.filter("stamp", words.stamp)
register.filter("long_date", words.long_date)
register.filter("day_name", words.day_name)
register.filter("short_date", words.short_date)
register.filter("status_word", words.status_word)
register.filter("update_word", words.update_word)
register.filter("state_word", words.state_word)
register.filter("zone_word", words.zone_word)
register.filter("impact_word", words.impact_word)
register.filter("source_word", words.source_word)
register.filter("sentence", words.sentence)
register.filter("summary", common_markdown.summary)
register.simple_tag(words.span, name="span")
register.simple_tag(words.clocks, name="clocks")
register.simple_tag(rows.of_notice, name="line")
register.simple_tag(rows.of_update, name="told")


@register.filter
def markdown(source: str, heading: int = 3) -> SafeString:
    return mark_safe(common_markdown.to_html(source, heading))  # noqa: S308 (cleaned there)


@register.filter
def sign(status: str | None) -> SafeString:
    """The sign of a component status; the words beside it say what it means."""
    return format_html('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>', status or "unknown")


@register.filter
def timeline(updates: tuple[UpdateView, ...], last: str = "") -> list[tuple[UpdateView, str]]:
    """Each update, newest first, with its word: its status where that was news, otherwise "Update".

    `last`: the word of the newest, where it is another.
    """
    before = (*(update.status for update in updates[1:]), "")
    told = [
        (update, words.update_word(update.status) if update.status != old else gettext("Update"))
        for update, old in zip(updates, before, strict=False)
    ]
    return [(told[0][0], last), *told[1:]] if last and told else told


@register.filter
def as_status(impact: str) -> str:
    return words.IMPACT_STATUS[impact]  # type: ignore[index]


@register.filter
def month_name(month: YearMonth) -> str:
    return words.month_name(month.year, month.month)


@register.filter
def month_path(month: YearMonth) -> str:
    return f"{month.year}-{month.month:02}"


@register.filter
def address(url: str) -> str:
    """A link's target; "" for anything but the web and mail, such as a script."""
    return url if url.startswith(("https://", "http://", "mailto:")) else ""


@register.filter
def iso_day(day: date | datetime) -> str:
    return day.strftime("%Y-%m-%d")
