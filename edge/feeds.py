"""Emergency notices in Atom and RSS: one entry more, with the id that the incident gets in the history."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from store.emergency import Notice, Said

PATHS = ("/history.atom", "/history.rss")

_TAG = re.compile(r"<id>(tag:[^<]*),2005:/history</id>")
_BASE = re.compile(r'xml:base="([^"]*)/"')
_HOME = re.compile(r"<link>([^<]*)</link>")
_UPDATED = re.compile(r"<updated>[^<]*</updated>")
_PUBLISHED = re.compile(r"<pubDate>[^<]*</pubDate>")
_FIRST = re.compile(r"[ ]*(?:<entry>|</feed>|<item>|</channel>)")


def in_feed(notice: Notice, body: bytes) -> bytes:
    """Before what was published, in either form; a feed of another shape stays as it is."""
    feed = body.decode()
    tag, base, home = _TAG.search(feed), _BASE.search(feed), _HOME.search(feed)
    if tag and base:
        entry = _entry(notice, tag[1], base[1])
        feed = _UPDATED.sub(f"<updated>{_iso(notice.newest.at)}</updated>", feed, count=1)
    elif home:
        entry = _item(notice, home[1])
        feed = _PUBLISHED.sub(f"<pubDate>{_mail(notice.newest.at)}</pubDate>", feed, count=1)
    else:
        return body
    return _FIRST.sub(lambda found: entry + found[0], feed, count=1).encode()


def _entry(notice: Notice, tag: str, base: str) -> str:
    return (
        "  <entry>\n"
        f"    <id>{tag},2005:Incident/{notice.id}</id>\n"
        f"    <published>{_iso(notice.updates[0].at)}</published>\n"
        f"    <updated>{_iso(notice.newest.at)}</updated>\n"
        f'    <link rel="alternate" type="text/html" href="{base}/incidents/{notice.id}"/>\n'
        f"    <title>{escape(notice.name)}</title>\n"
        f'    <content type="html">{escape(_content(notice))}</content>\n'
        "  </entry>\n"
    )


def _item(notice: Notice, home: str) -> str:
    address = f"{home}/incidents/{notice.id}"
    return (
        "    <item>\n"
        f"      <title>{escape(notice.name)}</title>\n"
        f"      <description>{escape(_content(notice))}</description>\n"
        f"      <pubDate>{_mail(notice.updates[0].at)}</pubDate>\n"
        f"      <link>{address}</link>\n"
        f"      <guid>{address}</guid>\n"
        "    </item>\n"
    )


def _content(notice: Notice) -> str:
    """As published feeds have it, which scrapers know by heart."""
    return "".join(_update(one) for one in reversed(notice.updates))


def _update(said: Said) -> str:
    at = said.at.astimezone(UTC)
    text = escape(said.text).replace("\n", "<br>")
    return (
        f"<p><small>{at:%b} <var data-var='date'>{at.day:2}</var>, "
        f"<var data-var='time'>{at:%H:%M}</var> UTC</small><br>"
        f"<strong>{said.status.capitalize()}</strong> - {text}</p>"
    )


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _mail(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC))
