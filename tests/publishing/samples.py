"""Pages to render: calm, in the middle of a bad day, empty, large, and in languages that stretch a layout."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from publishing.snapshot import (
    AboutView,
    AnnouncementView,
    ComponentMonth,
    ComponentPageView,
    ComponentView,
    DayView,
    GroupView,
    IncidentRef,
    IntervalView,
    MonthView,
    PageView,
    PolicyView,
    Snapshot,
    UptimeGroup,
    UptimeMonthView,
    UptimeRow,
    UptimeView,
    YearMonth,
)
from tests.publishing.notices import (
    INCIDENTS,
    NOW,
    TODAY,
    at,
    open_incident,
    running_maintenance,
    summaries,
    upcoming_maintenance,
)

DAYS = 90
FIRST = TODAY - timedelta(days=DAYS - 1)
MONTH = YearMonth(2026, 11)

PAGE = PageView(
    id="acme00000001",
    name="Acme Cloud",
    base_url="https://status.acme.example",
    lasting_host="acme00000001.status.example",
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
SEVERITIES = ("degraded_performance", "partial_outage", "major_outage", "under_maintenance")


def bad_day(day: date, status: str, seconds: int, cause: IncidentRef | None = None) -> DayView:
    percent = (
        "100" if status in {"degraded_performance", "under_maintenance"} else f"{100 - seconds / 864:.2f}"
    )
    causes = (cause,) if cause else ()
    began = datetime(day.year, day.month, day.day, 9, 12, tzinfo=UTC)
    ended = began + timedelta(seconds=seconds)
    weight = {"major_outage": "1", "partial_outage": "0.3"}.get(status, "0")
    interval = IntervalView(began, ended, status, seconds, weight, cause=cause)
    return DayView(day, status, percent, ((status, seconds),), causes, intervals=(interval,))


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
    silent = tuple(DayView(FIRST + timedelta(days=index), None) for index in range(DAYS - known))
    return UptimeView(FIRST, DAYS, "100", silent, FIRST + timedelta(days=DAYS - known))


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
        changed_at=at(10, 40, 2),
        indicator="none",
        description="All Systems Operational",
        groups=groups(exceptions=5),
        month=month(),
        uptime_month=uptime_month(),
        recent=summaries(),
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
        ),
        changed_at=at(14, 28),
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
        changed_at=NOW,
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
