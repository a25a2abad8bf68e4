"""Atom and RSS as Statuspage writes them, which scrapers of its feeds know by heart."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from django.utils import timezone
from django.utils.translation import gettext as _

from common import markdown
from publishing.forms import FeedEntry, FeedView
from publishing.rendering import engine, words
from publishing.rendering.tags import timeline
from publishing.rendering.xml import text
from publishing.snapshot import PageView, UpdateView
from store import Document

ATOM = "application/atom+xml; charset=utf-8"
RSS = "application/rss+xml; charset=utf-8"
# Most entries are as they were at the version before.
_KEPT = 512
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def documents(page: PageView, feed: FeedView) -> list[Document]:
    """A feed in both forms; a component's is cold."""
    cold = bool(feed.path)
    with engine.locale(page):
        return [
            Document(f"{feed.path}/history.atom", _atom(page, feed).encode(), ATOM, cold=cold),
            Document(f"{feed.path}/history.rss", _rss(page, feed).encode(), RSS, cold=cold),
        ]


def feed_title(name: str, component: str = "") -> str:
    """`GitHub Status - Incident History`."""
    name = name if name.endswith("Status") else f"{name} Status"
    return " - ".join(part for part in (name, component, _("Incident History")) if part)


def _atom(page: PageView, feed: FeedView) -> str:
    home, tongue = text(page.base_url + feed.path), engine.tongue()
    return (
        f'{_HEAD}<feed xml:lang="{text(page.language)}" xml:base="{text(page.base_url)}/"'
        ' xmlns="http://www.w3.org/2005/Atom">\n'
        f"  <id>{_tag(page)}:{text(feed.path)}/history</id>\n"
        f'  <link rel="alternate" type="text/html" href="{home}"/>\n'
        f'  <link rel="self" type="application/atom+xml" href="{home}/history.atom"/>\n'
        f"  <title>{text(feed_title(page.name, feed.component))}</title>\n"
        f"  <updated>{_iso(feed.updated)}</updated>\n"
        f"  <author>\n    <name>{text(page.name)}</name>\n  </author>\n"
        f"{''.join(_entry(*tongue, page, entry) for entry in feed.entries)}</feed>\n"
    )


@lru_cache(maxsize=_KEPT)
def _entry(language: str, zone: str, page: PageView, entry: FeedEntry) -> str:
    return (
        "  <entry>\n"
        f"    <id>{_tag(page)}:Incident/{entry.id}</id>\n"
        f"    <published>{_iso(entry.published)}</published>\n"
        f"    <updated>{_iso(entry.updated)}</updated>\n"
        f'    <link rel="alternate" type="text/html" href="{_address(page, entry)}"/>\n'
        f"    <title>{text(entry.name)}</title>\n"
        f'    <content type="html">{text(_content(language, zone, entry))}</content>\n'
        "  </entry>\n"
    )


def _rss(page: PageView, feed: FeedView) -> str:
    home, tongue = text(page.base_url + feed.path), engine.tongue()
    return (
        f'{_HEAD}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:atom="http://www.w3.org/2005/Atom">\n  <channel>\n'
        f"    <title>{text(feed_title(page.name, feed.component))}</title>\n"
        f"    <link>{home}</link>\n"
        f'    <atom:link rel="self" type="application/rss+xml" href="{home}/history.rss"/>\n'
        "    <description>Statuspage</description>\n"
        f"    <pubDate>{_mail(feed.updated)}</pubDate>\n"
        f"{''.join(_item(*tongue, page, entry) for entry in feed.entries)}  </channel>\n</rss>\n"
    )


@lru_cache(maxsize=_KEPT)
def _item(language: str, zone: str, page: PageView, entry: FeedEntry) -> str:
    address = _address(page, entry)
    return (
        "    <item>\n"
        f"      <title>{text(entry.name)}</title>\n"
        f"      <description>{text(_content(language, zone, entry))}</description>\n"
        f"      <pubDate>{_mail(entry.published)}</pubDate>\n"
        f"      <link>{address}</link>\n"
        f"      <guid>{address}</guid>\n"
        "    </item>\n"
    )


@lru_cache(maxsize=_KEPT)
def _content(_language: str, _zone: str, entry: FeedEntry) -> str:
    """HTML: a paragraph an update, newest first, in the language and zone that are active."""
    return "".join(_update(update, word) for update, word in timeline(entry.updates))


def _update(update: UpdateView, word: str) -> str:
    local = timezone.localtime(update.display_at)
    head = (
        f"<p><small>{words.dated(local.date(), 'M')} <var data-var='date'>{local.day:2}</var>, "
        f"<var data-var='time'>{local:%H:%M}</var> {words.zone_name(local)}</small><br>"
        f"<strong>{text(word)}</strong> - "
    )
    body = markdown.to_html(update.body)
    # The first paragraph goes on where the head ends.
    return head + body[3:] if body.startswith("<p>") else f"{head}</p>{body}"


def _tag(page: PageView) -> str:
    return f"tag:{text(page.lasting_host)},2005"


def _address(page: PageView, entry: FeedEntry) -> str:
    return text(f"{page.base_url}/incidents/{entry.id}")


def _iso(moment: datetime) -> str:
    """In the page's zone, like Statuspage's, to the second."""
    local = timezone.localtime(moment).isoformat(timespec="seconds")
    return local.removesuffix("+00:00") + "Z" if local.endswith("+00:00") else local


def _mail(moment: datetime) -> str:
    return format_datetime(timezone.localtime(moment))
