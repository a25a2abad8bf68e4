"""Pages to render: calm, in the middle of a bad day, empty, large, and in languages that stretch a layout."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from publishing.snapshot import (
    AboutView,
    AffectedView,
    AnnouncementView,
    ComponentMonth,
    ComponentPageView,
    ComponentView,
    DayView,
    DowntimeView,
    GroupView,
    HistoryDay,
    IncidentRef,
    IncidentSummary,
    IncidentView,
    IntervalView,
    MonthView,
    PageView,
    PolicyView,
    Snapshot,
    UpdateView,
    UptimeGroup,
    UptimeMonthView,
    UptimeRow,
    UptimeView,
    YearMonth,
)

NOW = datetime(2026, 11, 19, 14, 32, 8, tzinfo=UTC)
TODAY = NOW.date()
DAYS = 90
FIRST = TODAY - timedelta(days=DAYS - 1)
MONTH = YearMonth(2026, 11)

PAGE = PageView(
    id="acme00000001",
    name="Acme Cloud",
    base_url="https://status.acme.example",
    time_zone="Europe/Berlin",
    support_url="https://acme.example/support",
    company_url="https://acme.example",
)

GROUPS = {
    "": ("Sign-in", "Dashboard"),
    "API": (
        "REST API",
        "GraphQL API",
        "Webhooks",
        "Uploads",
        "Search",
        "Rate limits",
        "Exports",
        "Streaming",
    ),
    "Compute": ("Functions", "Containers", "Build queue", "Scheduler", "Logs", "Images", "Secrets"),
    "Network": ("Edge network", "DNS", "Certificates", "Private links", "Load balancers", "IPv6"),
    "Storage": ("Object storage", "Block volumes", "Databases", "Backups", "Snapshots", "Cache", "Queues"),
}
PURPOSES = {
    "REST API": "What your servers call to read and change data.",
    "Sign-in": "People sign in here, with a password or through their company.",
    "Webhooks": "Tells your servers about changes as they happen.",
}
INCIDENTS = (
    IncidentRef("k3v9x2m1q8za", "Elevated error rates on the REST API"),
    IncidentRef("p7d4n6w0t5yb", "Delayed webhooks"),
    IncidentRef("c2h8r1f3j9lu", "Database failover in eu-central"),
)
SEVERITIES = ("degraded_performance", "partial_outage", "major_outage", "under_maintenance")


def at(hour: int, minute: int = 0, days_ago: int = 0) -> datetime:
    return datetime(TODAY.year, TODAY.month, TODAY.day, hour, minute, tzinfo=UTC) - timedelta(days=days_ago)


def bad_day(day: date, status: str, seconds: int, cause: IncidentRef | None = None) -> DayView:
    percent = (
        "100" if status in {"degraded_performance", "under_maintenance"} else f"{100 - seconds / 864:.2f}"
    )
    causes = (cause,) if cause else ()
    began = datetime(day.year, day.month, day.day, 9, 12, tzinfo=UTC)
    ended = began + timedelta(seconds=seconds)
    weight = {"major_outage": "1", "partial_outage": "0.3"}.get(status, "0")
    interval = IntervalView(began, ended, status, seconds, weight, cause=cause)
    return DayView(day, status, percent, ((status, seconds),), causes, (interval,))


def eventful(seed: int, count: int, first: date = FIRST, length: int = DAYS) -> UptimeView:
    """A bar with `count` days that have something to tell, always the same ones for a seed."""
    chance = random.Random(seed)
    picked = sorted(chance.sample(range(length), count))
    days = tuple(
        bad_day(
            first + timedelta(days=index),
            chance.choice(SEVERITIES),
            chance.randrange(300, 30000, 60),
            chance.choice((*INCIDENTS, None)),
        )
        for index in picked
    )
    return UptimeView(first, length, "99.94", days)


def young(known: int) -> UptimeView:
    """A component that has existed for `known` days."""
    return UptimeView(
        FIRST, DAYS, "100", tuple(DayView(FIRST + timedelta(days=i), None) for i in range(DAYS - known))
    )


def groups(*, status: str = "operational", exceptions: int = 0, copies: int = 1) -> tuple[GroupView, ...]:
    """Thirty components in and outside groups; every third has `exceptions` days with something to tell."""
    made = []
    for copy in range(copies):
        for number, (name, members) in enumerate(GROUPS.items()):
            views = tuple(
                component(
                    f"{member} {copy + 1}" if copy else member, 100 * copy + 10 * number + i, exceptions
                )
                for i, member in enumerate(members)
            )
            made.append(
                GroupView(
                    views,
                    id=f"grp{copy:03}{number:06}" if name else "",
                    name=f"{name} {copy + 1}" if copy and name else name,
                    status=status,
                    percent="99.98",
                    collapsed=status == "operational" and number > 2,
                )
            )
    return tuple(made)


def component(name: str, number: int, exceptions: int = 0) -> ComponentView:
    uptime = (
        eventful(number, exceptions) if exceptions and number % 3 == 0 else UptimeView(FIRST, DAYS, "100")
    )
    return ComponentView(f"cmp{number:09}", name, "operational", at(3), PURPOSES.get(name, ""), uptime=uptime)


def summaries() -> tuple[HistoryDay, ...]:
    first = IncidentSummary(
        INCIDENTS[1].id,
        INCIDENTS[1].name,
        "resolved",
        "minor",
        at(8, 12, 2),
        resolved_at=at(10, 40, 2),
        seconds=8880,
        components=("Webhooks",),
        latest="Webhooks are delivered without delay again. Those that were queued have all been sent; "
        "none was lost. We have doubled the number of senders and now alert on the age of the queue.",
    )
    second = IncidentSummary(
        INCIDENTS[2].id,
        INCIDENTS[2].name,
        "postmortem",
        "critical",
        at(2, 5, 2),
        resolved_at=at(3, 1, 2),
        seconds=3360,
        components=("Databases", "REST API", "Sign-in"),
        latest="We have published what happened, why, and what we change.",
        has_postmortem=True,
    )
    work = IncidentSummary(
        "m5x8b2q7w1ec",
        "Certificate rotation",
        "completed",
        "maintenance",
        at(4, 0, 6),
        kind="maintenance",
        scheduled_for=at(4, 0, 6),
        scheduled_until=at(5, 0, 6),
        seconds=2700,
        components=("Certificates",),
        latest="The rotation is complete.",
    )
    told = {2: (first, second), 6: (work,)}
    return tuple(HistoryDay(TODAY - timedelta(days=ago), told.get(ago, ())) for ago in range(10))


def month() -> MonthView:
    return MonthView(MONTH, tuple(day for day in summaries() if day.incidents), previous=YearMonth(2026, 10))


def uptime_month() -> UptimeMonthView:
    made = []
    for number, (name, members) in enumerate(GROUPS.items()):
        rows = tuple(
            UptimeRow(f"cmp{10 * number + i:09}", member, _november(10 * number + i))
            for i, member in enumerate(members)
        )
        made.append(UptimeGroup(rows, id=f"grp{number:09}" if name else "", name=name, percent="99.97"))
    return UptimeMonthView(MONTH, tuple(made), previous=YearMonth(2026, 10))


def _november(number: int) -> UptimeView:
    if number % 4 == 0:
        return eventful(number, 3, date(2026, 11, 1), 19)
    return UptimeView(date(2026, 11, 1), 19, "100")


def calm() -> Snapshot:
    return Snapshot(
        page=PAGE,
        version=41,
        now=NOW,
        indicator="none",
        description="All Systems Operational",
        groups=groups(exceptions=5),
        month=month(),
        uptime_month=uptime_month(),
        recent=summaries(),
    )


def open_incident() -> IncidentView:
    api, sign_in = "cmp000000010", "cmp000000000"
    return IncidentView(
        id=INCIDENTS[0].id,
        name=INCIDENTS[0].name,
        status="identified",
        impact="critical",
        started_at=at(13, 58),
        detected_at=at(13, 59),
        impact_started_at=at(13, 51),
        next_update_by=at(15, 0),
        components=(
            AffectedView("REST API", "major_outage", id=api),
            AffectedView("Sign-in", "degraded_performance", id=sign_in),
        ),
        updates=(
            UpdateView(
                "upd000000004",
                "identified",
                "The fault is in a configuration that we rolled out at 13:50 UTC. **We are rolling it back** "
                "region by region; eu-central is already recovering.",
                at(14, 28),
                technical_details="The new `max_connections` limit is applied per process, not per host:\n\n"
                "```\npool: 512 → 16\nwaiting: 20 418\n```",
                affected=(AffectedView("REST API", "major_outage", "partial_outage", id=api),),
            ),
            UpdateView("upd000000003", "investigating", "Sign-in is slow as well.", at(14, 15)),
            UpdateView(
                "upd000000002",
                "investigating",
                "About 40 % of requests fail with a `503`. Retrying helps in most cases.",
                at(14, 4),
                affected=(AffectedView("REST API", "partial_outage", "operational", id=api),),
            ),
            UpdateView("upd000000001", "investigating", "We are looking into failing requests.", at(13, 58)),
        ),
    )


def ended_incident() -> IncidentView:
    return replace(
        open_incident(),
        id=INCIDENTS[2].id,
        name=INCIDENTS[2].name,
        status="postmortem",
        next_update_by=None,
        mitigated_at=at(14, 40),
        resolved_at=at(14, 54),
        seconds=3360,
        derived=True,
        backfilled=True,
        components=(AffectedView("Databases", "operational", id="cmp000000042"),),
        downtime=(
            DowntimeView("Databases", 3360, "major_outage"),
            DowntimeView("REST API", 1500, "partial_outage"),
        ),
        updates=(
            UpdateView("upd000000005", "resolved", "All requests succeed again.", at(14, 54)),
            *open_incident().updates,
        ),
        postmortem="# Summary\n\nA limit meant for one host was applied to each of its processes.\n\n"
        "## What happened\n\n- 13:50 the change went out\n- 13:51 the first requests waited\n\n"
        "| Region | Failed |\n|---|---|\n| eu-central | 38 % |\n| us-east | 41 % |\n\n"
        "## What we change\n\n1. Limits are tested against a real pool.\n2. Roll-outs stop by themselves.\n\n"
        "> We are sorry. You rely on us, and we were not there.\n",
        postmortem_at=at(9, 30),
    )


def running_maintenance() -> IncidentView:
    return IncidentView(
        id="m9a1s3d5f7gh",
        name="Database upgrade, part 2",
        status="in_progress",
        kind="maintenance",
        impact="maintenance",
        started_at=at(14),
        scheduled_for=at(14),
        scheduled_until=at(16),
        components=(AffectedView("Databases", "under_maintenance", id="cmp000000042"),),
        updates=(
            UpdateView(
                "upd000000012", "in_progress", "The upgrade has begun. Expect brief reconnects.", at(14)
            ),
        ),
    )


def upcoming_maintenance() -> IncidentView:
    return IncidentView(
        id="m2z4x6c8v0bn",
        name="Network maintenance in Frankfurt",
        status="scheduled",
        kind="maintenance",
        impact="maintenance",
        started_at=at(9, 0, 1),
        scheduled_for=at(23, 0, -3),
        scheduled_until=at(2, 30, -4),
        series="Every third Sunday of the month at 00:00",
        components=(AffectedView("Edge network", "operational", id="cmp000000030"),),
        updates=(
            UpdateView(
                "upd000000021",
                "scheduled",
                "We replace two switches.\nTraffic moves to other paths; you should notice nothing.",
                at(9, 0, 1),
            ),
        ),
    )


def stormy() -> Snapshot:
    """A major incident, work in progress, an announcement and a fresh postmortem, all at once."""
    rows = groups(exceptions=14)
    struck = replace(rows[1].components[0], status="major_outage", since=at(13, 51))
    slow = replace(rows[0].components[0], status="degraded_performance", since=at(14, 15), uptime=young(24))
    partly = replace(rows[2].components[2], status="partial_outage", since=at(14, 10))
    work = replace(rows[4].components[2], status="under_maintenance", since=at(14))
    changed = (
        replace(rows[0], components=(slow, *rows[0].components[1:])),
        replace(rows[1], components=(struck, *rows[1].components[1:]), status="major_outage"),
        replace(
            rows[2],
            components=(*rows[2].components[:2], partly, *rows[2].components[3:]),
            status="partial_outage",
        ),
        rows[3],
        replace(
            rows[4],
            components=(*rows[4].components[:2], work, *rows[4].components[3:]),
            status="under_maintenance",
            collapsed=False,
        ),
    )
    return replace(
        calm(),
        page=replace(
            PAGE,
            description="Everything that Acme Cloud runs for you, and how well it does.",
            accent="#5b3df5",
            accent_dark="#a394ff",
            footer="Questions? Write to [support](mailto:help@acme.example).",
            note="Times on this page were moved forward by 12 weeks.",
            feeds=True,
        ),
        indicator="major",
        description="Partial System Outage",
        groups=changed,
        announcements=(
            AnnouncementView(
                "ann000000001",
                "API keys without a scope end on 1 December",
                "Create scoped keys before then. [How to](https://acme.example/docs/keys)",
                at(8, 0, 3),
            ),
        ),
        incidents=(open_incident(),),
        maintenance=(running_maintenance(), upcoming_maintenance()),
    )


def empty() -> Snapshot:
    return Snapshot(
        page=replace(PAGE, show_uptime=False),
        version=1,
        now=NOW,
        indicator="none",
        description="All Systems Operational",
        groups=(),
        month=MonthView(MONTH, ()),
        uptime_month=UptimeMonthView(MONTH, ()),
    )


def large() -> Snapshot:
    """A hundred and twenty components."""
    return replace(calm(), groups=groups(exceptions=6, copies=4))


def german() -> Snapshot:
    names = (
        "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetzdatenbank",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk",
        "Anmeldung",
    )
    views = tuple(
        replace(component(name, index, 9), purpose="Hier melden sich Nutzerinnen und Nutzer an.")
        for index, name in enumerate(names)
    )
    group = GroupView(
        views, "grp000000001", "Kraftfahrzeughaftpflichtversicherungsabteilung", percent="99.98"
    )
    return replace(
        stormy(),
        page=replace(PAGE, language="de", name="Bundesausbildungsförderungsgesetzverwaltung"),
        groups=(group,),
    )


def arabic() -> Snapshot:
    views = (
        replace(
            component("واجهة برمجة التطبيقات", 0, 12), status="partial_outage", purpose="ما تستدعيه خوادمكم."
        ),
        component("تسجيل الدخول", 3, 4),
        component("Webhooks", 1),
    )
    return replace(
        stormy(),
        page=replace(PAGE, language="ar", name="حالة الخدمة", time_zone="Asia/Riyadh"),
        groups=(GroupView(views, "grp000000001", "الخدمات", status="partial_outage", percent="99.91"),),
    )


def component_page() -> ComponentPageView:
    return ComponentPageView(
        id="cmp000000010",
        name="REST API",
        status="major_outage",
        since=at(13, 51),
        purpose=PURPOSES["REST API"],
        description="Versions 2 and 3, in **all regions**.",
        group="API",
        start_date=date(2024, 2, 1),
        months=tuple(ComponentMonth(YearMonth(2026, 10 - back), f"99.{99 - back}") for back in range(8)),
        changes=(
            IntervalView(at(13, 51), None, "major_outage", cause=INCIDENTS[0]),
            IntervalView(at(8, 12, 2), at(10, 40, 2), "degraded_performance", 8880, cause=INCIDENTS[1]),
            IntervalView(
                at(2, 5, 9),
                at(2, 9, 9),
                "operational",
                240,
                source="correction",
                reason="The probe was at fault.",
            ),
            IntervalView(at(23, 0, 20), at(1, 0, 19), "partial_outage", 7200, source="monitor", derived=True),
        ),
        incidents=tuple(view for day in summaries() for view in day.incidents),
        policy=PolicyView(maintenance_counts=True, minimum_seconds=120),
    )


def about() -> AboutView:
    return AboutView(
        PolicyView(),
        "## Who updates this page\n\nThe engineer on call, within fifteen minutes of an alarm, at any hour.",
    )
