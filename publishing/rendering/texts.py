"""The page as plain text and as markdown, and what tells programs where everything is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from publishing.forms import SiteView
from publishing.rendering import engine, words
from publishing.rendering.tags import timeline
from publishing.rendering.xml import text as xml_text
from publishing.snapshot import GroupView, IncidentView, MetricRef, PageView, Snapshot, UpdateView
from store import Document

PLAIN = "text/plain; charset=utf-8"
MARKDOWN = "text/markdown; charset=utf-8"
XML = "application/xml; charset=utf-8"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def documents(snapshot: Snapshot, site: SiteView) -> list[Document]:
    page = snapshot.page
    with engine.locale(page):
        return [
            Document("/status.txt", _plain(snapshot).encode(), PLAIN),
            Document("/index.md", _markdown(snapshot).encode(), MARKDOWN),
            Document("/llms.txt", _llms(page, snapshot.metrics).encode(), PLAIN),
            robots(page, hidden=page.noindex),
            *([] if page.noindex else [Document("/sitemap.xml", _sitemap(page, site).encode(), XML)]),
        ]


def headings(page: PageView, sentence: str) -> list[Document]:
    """How the two forms for reading begin, for a page that is as `sentence` says."""
    return [
        Document("/status.txt", f"{_line(page.name)}: {sentence}\n".encode(), PLAIN),
        Document("/index.md", f"# {_escaped(page.name)}\n\n**{sentence}**\n".encode(), MARKDOWN),
    ]


# Plain text ----------------------------------------------------------------------------------------


def _plain(snapshot: Snapshot) -> str:
    """The line of the whole first, then what is wrong, in the words of the page."""
    lines = [f"{_line(snapshot.page.name)}: {words.sentence(snapshot.description)}"]
    lines += (_notice_line(snapshot.page, one) for one in (*snapshot.incidents, *snapshot.maintenance))
    lines += (
        f"{_line(one.name)}: {words.status_word(one.status)}"
        for group in snapshot.groups
        for one in group.components
        if one.status != "operational"
    )
    return "\n".join(lines) + "\n"


def _notice_line(page: PageView, notice: IncidentView) -> str:
    state = words.update_word(notice.status)
    if notice.scheduled_for:
        state = f"{state}, {_time(notice.scheduled_for)}"
    return f"{_line(notice.name)} ({state}): {page.base_url}/incidents/{notice.id}"


# Markdown ------------------------------------------------------------------------------------------


def _markdown(snapshot: Snapshot) -> str:
    page = snapshot.page
    blocks = [f"# {_escaped(page.name)}", f"**{words.sentence(snapshot.description)}**"]
    if page.description:
        blocks.append(_escaped(page.description))
    for announcement in snapshot.announcements:
        blocks += [f"## {_escaped(announcement.title)}", _quoted(announcement.body)]
    blocks += _notices(page, _("Incidents"), snapshot.incidents)
    blocks += _notices(page, _("Maintenance"), snapshot.maintenance)
    blocks += _components(snapshot.groups)
    blocks += _metrics(page, snapshot.metrics)
    blocks += _recent(snapshot)
    blocks.append(f"[{_('History')}]({page.base_url}/history) · [Atom]({page.base_url}/history.atom)")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _notices(page: PageView, heading: str, notices: Iterable[IncidentView]) -> list[str]:
    blocks = [block for one in notices for block in _notice(page, one)]
    return [f"## {heading}", *blocks] if blocks else []


def _notice(page: PageView, notice: IncidentView) -> list[str]:
    facts = [words.update_word(notice.status), words.impact_word(notice.impact)]
    if notice.scheduled_for and notice.scheduled_until:
        facts.append(f"{_time(notice.scheduled_for)} – {_time(notice.scheduled_until)}")
    facts += (_escaped(one.name) for one in notice.components)
    return [
        f"### [{_escaped(notice.name)}]({page.base_url}/incidents/{notice.id})",
        " · ".join(facts),
        *(_update(update, word) for update, word in timeline(notice.updates)),
    ]


def _update(update: UpdateView, word: str) -> str:
    return f"**{word}**, {_time(update.display_at)}\n\n{_quoted(update.body)}"


def _components(groups: Iterable[GroupView]) -> list[str]:
    blocks = []
    for group in groups:
        rows = [f"- {_escaped(one.name)}: {words.status_word(one.status)}" for one in group.components]
        blocks += [f"### {_escaped(group.name)}" if group.name else "", "\n".join(rows)]
    return [f"## {_('Components')}", *blocks] if blocks else []


def _metrics(page: PageView, metrics: Iterable[MetricRef]) -> list[str]:
    rows = [f"- [{_escaped(one.name)}]({page.base_url}/metrics/{one.id})" for one in metrics]
    return [f"## {_('System metrics')}", "\n".join(rows)] if rows else []


def _recent(snapshot: Snapshot) -> list[str]:
    rows = [
        f"- {words.long_date(day.date)}: [{_escaped(one.name)}]({snapshot.page.base_url}/incidents/{one.id})"
        for day in snapshot.recent
        for one in day.incidents
    ]
    return [f"## {_('Past incidents')}", "\n".join(rows)] if rows else []


def _quoted(body: str) -> str:
    """Somebody's own markdown, so that its headings and lists stay its own."""
    return "\n".join(f"> {line}".rstrip() for line in body.replace("\x00", "").splitlines())


def _escaped(value: str) -> str:
    return _SPECIAL.sub(r"\\\1", _line(value))


def _line(value: str) -> str:
    return " ".join(value.split())


def _time(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{words.long_date(local.date())}, {local:%H:%M} {words.zone_name(local)}"


# For programs --------------------------------------------------------------------------------------


def _llms(page: PageView, metrics: Iterable[MetricRef]) -> str:
    """By llmstxt.org: a name, a sentence, and links. In English, like the documents' own members."""
    links = {
        "index.md": "the status page in markdown: state, open incidents, maintenance, components",
        "status.txt": "the state and what is wrong, a line each",
        "api/v2/summary.json": "the same as JSON, in the format of Atlassian Statuspage",
        "api/v2/incidents.json": "the 50 newest incidents with their updates",
        "api/v2/scheduled-maintenances.json": "the 50 newest maintenance windows",
        "history.json": "notices by month, three months a page (?page=2)",
        "history.atom": "news as an Atom feed",
        "history.ics": "maintenance as a calendar",
        "about": "who updates this page, and what its words and percentages mean",
    }
    links |= {f"metrics/{one.id}.json": f"{_escaped(one.name)} over a day, week and month" for one in metrics}
    rows = "\n".join(f"- [{path}]({page.base_url}/{path}): {what}" for path, what in links.items())
    name = _escaped(page.name)
    return f"# {name}\n\n> Live status, incidents and uptime of {name}.\n\n## Documents\n\n{rows}\n"


def robots(page: PageView, *, hidden: bool) -> Document:
    allowed = f"Disallow: /subscriptions/\n\nSitemap: {page.base_url}/sitemap.xml\n"
    rules = "Disallow: /\n" if hidden else allowed
    return Document("/robots.txt", f"User-agent: *\n{rules}".encode(), PLAIN)


def _sitemap(page: PageView, site: SiteView) -> str:
    urls = "".join(
        f"<url><loc>{xml_text(page.base_url + path)}</loc>{_changed(changed)}</url>\n"
        for path, changed in site.paths
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )


def _changed(moment: datetime | None) -> str:
    return f"<lastmod>{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>" if moment else ""
