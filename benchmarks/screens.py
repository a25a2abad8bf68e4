"""Every screen of the dashboard in process, from request to answer, with much of everything.

The screens are those that the dashboard's addresses name. A new one whose address has parts needs them in
`_parts`, and one that only shows what is typed needs something typed in `_typed`: without, this fails.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from benchmarks.figures import Table, duration, share_below
from benchmarks.furnished import COMPONENTS, NOTICES, PASSWORD, Furnished, furnished
from benchmarks.made import migrate
from common.tenancy import in_tenant
from components.choices import ComponentStatus
from copies.actions import add_copy_target
from dashboard import outside, urls
from importing.asking import ask_for_import
from notifications.models import Delivery, Notification
from pages.own_hosts import add_host
from subscribers.actions import Who, add_confirmed
from tenants.models import Membership, User

AIM, MOST = 0.100, 20
SUBSCRIBERS = 100_000
_ROUNDS, _QUICK_ROUNDS = 40, 3
_NOT_OURS = ("SET search_path", "SAVEPOINT", "RELEASE")
_HEADINGS = ("", "p50", "p95", "× reference", "queries")
# Of the same screens with something asked for: what makes the database work.
_ASKED = {
    "incidents": ("?q=latency", "?state=over&page=60", "?state=drafts", "?sort=name"),
    "incident_new": ("?template={template}", "?draft={draft}"),
    "find": ("?q=latency",),
    "maintenance": ("?state=over",),
    "subscribers": ("?q=77", "?q=nobody-at-all", "?page=2000", "?state=active&sort=address"),
    "notification": ("?state=dead", "?page=4000"),
    "deliveries": ("?page=80", "?state=dead&channel=email"),
    "log": ("?kind=incident", "?person={owner}", "?of={page}&page=2000", "?since=2026-01-01"),
    "component": ("?page=4",),
}
# By the names of addresses: what they say beside the page's id.
Parts = dict[tuple[str, ...], dict[str, Any]]
# Only where DEBUG is on; only once a preview has been asked for; only once the page is in the store.
_ABSENT = {"parts", "mail_preview", "page_site"}


@dataclass
class Screen:
    """`typed`: what is posted to it; None: it is asked for by GET."""

    name: str
    url: str
    typed: dict[str, Any] | None = None
    queries: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def is_met(self) -> bool:
        return share_below(self.seconds, 0.95) <= AIM and not self.asks_too_much

    @property
    def asks_too_much(self) -> bool:
        return self.queries > MOST


def measure(*options: str) -> None:
    # Asking what only changes something is refused, as is expected.
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    migrate()
    call_command("collectstatic", interactive=False, verbosity=0)
    made = furnished(SUBSCRIBERS)
    client = _signed_in(made.owner)
    with in_tenant(made.tenant.pk):
        wanted = list(_screens(made))
    shown = [one for one in wanted if _is_screen(client, one)]
    _tell(client, shown, _QUICK_ROUNDS if "--quick" in options else _ROUNDS)


def _signed_in(user: User) -> Client:
    """A moment ago, by the password, as who looks at something dangerous has to be."""
    client = Client(headers={"Host": "localhost"}, HTTP_USER_AGENT="benchmark")
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def _tell(client: Client, screens: Sequence[Screen], rounds: int) -> None:
    many = f"{COMPONENTS} components, {NOTICES:,} notices, {SUBSCRIBERS:,} subscribers"
    table = Table(f"{len(screens)} screens of the dashboard, {rounds} times each: {many}", _HEADINGS)
    reference = 0.0
    for one in screens:
        _look(client, one, rounds)
        half, most = median(one.seconds), share_below(one.seconds, 0.95)
        reference = reference or half
        late, many = "! " if most > AIM else "", "! " if one.asks_too_much else ""
        times = f"{half / reference:.1f}"
        table.row(one.name, duration(half), f"{late}{duration(most)}", times, f"{many}{one.queries}")
    missed = sum(not one.is_met for one in screens)
    aims = f"p95 ≤ {duration(AIM)}, ≤ {MOST} queries"
    table.row(f"missed (!): {aims}", str(missed), "", "", "missed" if missed else "met")


def _look(client: Client, screen: Screen, rounds: int) -> None:
    """The first two load code and templates."""
    for _round in range(2):
        _ask(client, screen)
    with CaptureQueriesContext(connection) as asked:
        _ask(client, screen)
    said = [one["sql"] for one in asked.captured_queries]
    screen.queries = len([sql for sql in said if not sql.startswith(_NOT_OURS)])
    for _round in range(rounds):
        began = time.perf_counter()
        _ask(client, screen)
        screen.seconds.append(time.perf_counter() - began)


def _ask(client: Client, screen: Screen) -> HttpResponseBase:
    if screen.typed is None:
        return client.get(screen.url)
    return client.post(screen.url, screen.typed)


def _is_screen(client: Client, screen: Screen) -> bool:
    """Whether it shows something. What only changes something answers 405, and files are none."""
    answer = _ask(client, screen)
    shows = answer.status_code != 405 and "Content-Disposition" not in answer.headers
    if not shows and not screen.name.endswith("preview"):
        return False
    if answer.status_code != 200:
        message = f"{screen.name} at {screen.url} answers {answer.status_code}, which this does not know"
        raise SystemExit(message)
    return True


def _screens(made: Furnished) -> Iterator[Screen]:
    """The reference first."""
    yield Screen("reference: a frame around a question", f"/o/large/p/{made.bare.pk}/settings/delete")
    usual, parts, typed = _usual(made), _parts(made), _typed(made)
    for name, names in _addresses(urls.urlpatterns):
        page = made.bare if name == "launch" else made.page
        known = usual | {"page_id": page.pk} | parts.get(name, {})
        given = {one: known[one] for one in names & set(known)}
        if missing := names - set(given):
            message = (
                f"The screen {name} lacks {', '.join(missing)}: add it to _parts in benchmarks/screens.py"
            )
            raise SystemExit(message)
        url = f"/o/large{reverse(name, 'statuspage.organisation_urls', kwargs=given)}"
        if name in typed:
            yield Screen(name, url, typed[name])
        elif name not in _ABSENT:
            yield Screen(name, url)
            yield from (
                Screen(f"{name}{one}", url + one.format(**_known(made))) for one in _ASKED.get(name, ())
            )
    for name, _names in _addresses(outside.urlpatterns):
        if name not in _ABSENT:
            yield Screen(name, reverse(name))


def _addresses(patterns: Iterable[Any], above: frozenset[str] = frozenset()) -> Iterator[Any]:
    """The name of each address, and the names of its parts."""
    for one in patterns:
        names = above | set(one.pattern.converters) | set(_groups(one))
        if isinstance(one, URLResolver):
            yield from _addresses(one.url_patterns, names)
        else:
            yield one.name, names


def _groups(pattern: URLPattern | URLResolver) -> dict[str, int]:
    """Of an address that is a regular expression."""
    return dict(pattern.pattern.regex.groupindex)


def _known(made: Furnished) -> dict[str, str]:
    page = made.page
    template, draft = page.templates.latest("created_at"), page.drafts.latest("created_at")
    return {"template": template.pk, "draft": draft.pk, "owner": made.owner.pk, "page": page.pk}


def _usual(made: Furnished) -> dict[str, Any]:
    """What a part of an address is, whatever the screen."""
    return {
        "incident_id": made.large.pk,
        "update_id": made.large.updates.latest("display_at").pk,
        "member_id": Membership.objects.get(user__email="person7@example.org").pk,
        "import_id": ask_for_import(made.actor, "https://status.example.com", into=made.page).pk,
        "section": "uptime",
        "event_id": 1,
        **dict.fromkeys(("draft_id", "invitation_id", "key_id"), "none"),
    }


def _parts(made: Furnished) -> dict[str, dict[str, Any]]:
    """What else the addresses of some screens say beside the page's id."""
    found = {**_of_notices(made), **_of_components(made), **_of_settings(made), **_of_told(made)}
    return {name: parts for names, parts in found.items() for name in names}


def _of_notices(made: Furnished) -> Parts:
    page = made.page
    over = page.incidents.present().incidents().exclude(resolved_at=None).latest("resolved_at")
    window = {"pk": page.incidents.maintenance().upcoming().latest("started_at").pk}
    return {
        ("postmortem", "postmortem_preview"): {"incident_id": over.pk},
        ("template_edit", "template_delete"): {"pk": page.templates.latest("created_at").pk},
        ("maintenance_one", "maintenance_edit", "maintenance_remind"): window,
        ("maintenance_cancel", "maintenance_delete"): window,
        ("series", "series_end"): {"pk": page.series.latest("created_at").pk},
    }


def _of_components(made: Furnished) -> Parts:
    page = made.page
    component = page.components.present().filter(changes__isnull=False).latest("created_at")
    return {
        ("component", "component_edit", "component_correct", "component_delete"): {"pk": component.pk},
        ("correction_withdraw",): {"pk": component.pk, "number": 1},
        ("group_edit", "group_delete"): {"pk": page.groups.present().latest("position").pk},
    }


def _of_settings(made: Furnished) -> Parts:
    page, actor = made.page, made.actor
    keys = {"access_key_id": "id", "secret_access_key": "secret"}
    where = {"endpoint": "https://s3.example.com", "region": "eu-1", "bucket": "status"}
    machine = Who("https://hooks.example.org/status", "webhook", contact="ops@example.org")
    hook = {"pk": add_confirmed(page, machine, actor, "Ours.").pk}
    copy = {"pk": add_copy_target(page, actor, kind="bucket", **where, **keys).pk}
    host = {"pk": add_host(page, actor, "status.example.org").pk}
    return {
        ("webhook", "webhook_test", "webhook_secret", "webhook_again", "webhook_remove"): hook,
        ("copy_edit", "copy_again", "copy_remove"): copy,
        ("host_check", "host_remove"): host,
    }


def _of_told(made: Furnished) -> Parts:
    somebody = {"pk": made.page.subscribers.filter(scope="components").latest("pk").pk}
    message = {"number": Notification.objects.get(incident_id=made.large.pk).pk}
    dead = {"number": Delivery.objects.dead().latest("pk").pk}
    return {
        ("subscriber", "subscriber_person", "subscriber_erase"): somebody,
        ("subscriber_do",): somebody | {"verb": "ask"},
        ("notification", "notification_progress"): message,
        ("delivery",): dead,
        ("delivery_do",): dead | {"verb": "replay"},
    }


def _typed(made: Furnished) -> dict[str, dict[str, Any]]:
    """What is posted for a preview: about every component, told to everybody."""
    ids = made.page.components.present().values_list("pk", flat=True)
    statuses = {f"statuses-{pk}": ComponentStatus.MAJOR_OUTAGE for pk in ids}
    said = {"status": "investigating", "body": "It is **bad**.", "notify": "on", **statuses}
    local = timezone.localtime()
    year = local.year + 1
    window = {"scheduled_for": f"{year}-12-24T10:00", "scheduled_until": f"{year}-12-24T12:00"}
    return {
        "incident_preview": said | {"name": "Slow answers"},
        "update_preview": said | {"status": "identified"},
        "template_preview": {"title": "Slow {{ what }}", "body": "Hm.", "update_status": "identified"},
        "postmortem_preview": {"draft": "Because **it** was."},
        "maintenance_preview": {"name": "Work", "body": "We work.", "components": list(ids), "notify": "on"}
        | window,
        "appearance_preview": {"custom_css": ".page { color: red }", "theme": "dark"},
    }
