"""What a page shows, as plain frozen values: build fills them with queries, render turns them into documents.

Instants are aware datetimes in any zone (render converts them to the page's); dates are days in the page's
zone. Percentages are strings with a point ("99.98") or None where nothing is known. Markdown stays markdown
until render. Order in tuples is the order shown.

Hot documents take a whole `Snapshot`. Cold ones take a `PageView` and their own value, and neither holds the
page's version, its indicator or the present instant, so that a cold document cannot change by itself.
"""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class PageView:
    """Identity, branding and switches of a page: what every document of it shares."""

    id: str
    name: str
    base_url: str
    """Origin of the primary host, no trailing slash: "https://status.example.org"."""
    lasting_host: str = ""
    """What ids in feeds and calendars are made with."""
    description: str = ""
    time_zone: str = "Etc/UTC"
    language: str = "en"
    company_url: str = ""
    support_url: str = ""
    logo_light: str = ""
    """Path or URL of an image, or "" for the page's name in letters. The same for the next two."""
    logo_dark: str = ""
    favicon: str = ""
    accent: str = ""
    """"#rrggbb" or "" for the built-in one. Render moves it to a readable shade where it has to."""
    accent_dark: str = ""
    custom_css: str = ""
    """Cleaned rules that come after the page's own."""
    header: str = ""
    footer: str = ""
    note: str = ""
    """A plain sentence under the footer: "Times on this page were moved forward by 12 weeks."."""
    noindex: bool = False
    show_uptime: bool = True
    uptime_days: int = 90
    embed: tuple[tuple[str, str], ...] = ()
    """How the widget looks as a banner: `position` and colours, where the page says."""


@dataclass(frozen=True, slots=True)
class IncidentRef:
    """Enough of an incident or a maintenance window to link to it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class IntervalView:
    """A stretch of one status, cut to the day or the list it stands in."""

    began: datetime
    ended: datetime | None
    """None: it is still so."""
    status: str
    seconds: int = 0
    weight: str = ""
    """What one second counts as downtime: "1", "0.3", "0"; "" where no percentage is explained."""
    source: str = "incident"
    """incident, maintenance, monitor, setting or correction."""
    cause: IncidentRef | None = None
    reason: str = ""
    """Why a correction was made."""
    derived: bool = False
    """Reconstructed on import from the incident's impact."""
    deleted: bool = False
    """The notice behind it was taken off the page."""


@dataclass(frozen=True, slots=True)
class DayView:
    """A day that was not plainly operational, or on which something was corrected."""

    date: date
    status: str | None
    """The worst status of the day; None: no data."""
    percent: str | None = None
    seconds: tuple[tuple[str, int], ...] = ()
    """(status, seconds in it), worst first, without operational."""
    incidents: tuple[IncidentRef, ...] = ()
    corrections: tuple[str, ...] = ()
    """Why its history was corrected."""
    intervals: tuple[IntervalView, ...] = ()
    """How the percentage came about; left empty on the status page."""


@dataclass(frozen=True, slots=True)
class UptimeView:
    """A run of days of one component. Every day that `days` does not list was operational throughout."""

    first: date
    length: int
    percent: str | None
    days: tuple[DayView, ...] = ()
    begins: date | None = None
    """The day within the run on which the component's history begins."""


@dataclass(frozen=True, slots=True)
class ComponentView:
    id: str
    name: str
    status: str
    since: datetime | None = None
    purpose: str = ""
    """One plain sentence: what users do with it."""
    description: str = ""
    only_show_if_degraded: bool = False
    showcase: bool = True
    """Whether its bar is shown."""
    uptime: UptimeView | None = None


@dataclass(frozen=True, slots=True)
class GroupView:
    """Components under one name; without id and name, those that stand by themselves."""

    components: tuple[ComponentView, ...]
    id: str = ""
    name: str = ""
    description: str = ""
    status: str = "operational"
    percent: str | None = None
    collapsed: bool = False


@dataclass(frozen=True, slots=True)
class AffectedView:
    """A component that a notice names; `old` is "" where only the new status is known, and so is `new`
    where the notice says nothing of its status, or is over. `worst`: of one that is over, "" if unharmed."""

    name: str
    new: str
    old: str = ""
    id: str = ""
    worst: str = ""


@dataclass(frozen=True, slots=True)
class UpdateView:
    id: str
    status: str
    body: str
    display_at: datetime
    technical_details: str = ""
    affected: tuple[AffectedView, ...] = ()


@dataclass(frozen=True, slots=True)
class AffectedTimeView:
    """What an ended incident cost one component."""

    name: str
    seconds: int
    """Not operational, as corrected."""
    worst: str
    down: int = 0
    """Seconds that count as downtime by the policy."""
    corrections: tuple[str, ...] = ()
    """Why its history was corrected."""


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident or a maintenance window with its whole timeline."""

    id: str
    name: str
    status: str
    impact: str
    started_at: datetime
    kind: str = "incident"
    """incident or maintenance."""
    resolved_at: datetime | None = None
    detected_at: datetime | None = None
    impact_started_at: datetime | None = None
    mitigated_at: datetime | None = None
    next_update_by: datetime | None = None
    is_overdue: bool = False
    """Whether that time went by without an update."""
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    series: str = ""
    """How a window recurs, in words: "Every second Tuesday at 04:00"."""
    backfilled: bool = False
    derived: bool = False
    """Component history derived on import."""
    components: tuple[AffectedView, ...] = ()
    """The components it concerns, each with the status that the newest update gave it."""
    updates: tuple[UpdateView, ...] = ()
    """Newest first."""
    affected: tuple[AffectedTimeView, ...] = ()
    cancelled: bool = False
    seconds: int | None = None
    """Duration once it is over; None for what was cancelled."""
    postmortem: str = ""
    postmortem_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncidentSummary:
    """A line in a list of past incidents and maintenance windows."""

    id: str
    name: str
    status: str
    impact: str
    started_at: datetime
    kind: str = "incident"
    resolved_at: datetime | None = None
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    seconds: int | None = None
    components: tuple[str, ...] = ()
    latest: str = ""
    """Body of the newest update."""
    has_postmortem: bool = False
    backfilled: bool = False
    cancelled: bool = False

    @property
    def listed_at(self) -> datetime:
        """When it is listed: what was cancelled never began, and stands where it was planned."""
        return self.scheduled_for if self.cancelled and self.scheduled_for else self.started_at


@dataclass(frozen=True, slots=True)
class AnnouncementView:
    """A pinned notice that is no incident."""

    id: str
    title: str
    body: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class HistoryDay:
    date: date
    incidents: tuple[IncidentSummary, ...] = ()
    ongoing: tuple[IncidentRef, ...] = ()
    """Incidents that began on it or earlier and are open."""
    is_known: bool = True
    """Whether there is any data of it."""


@dataclass(frozen=True, slots=True, order=True)
class YearMonth:
    year: int
    month: int


@dataclass(frozen=True, slots=True)
class MonthView:
    """History of one month: the days on which something began, newest first."""

    month: YearMonth
    days: tuple[HistoryDay, ...]
    previous: YearMonth | None = None
    next: YearMonth | None = None


@dataclass(frozen=True, slots=True)
class UptimeRow:
    id: str
    name: str
    uptime: UptimeView


@dataclass(frozen=True, slots=True)
class UptimeGroup:
    """Rows under one name with their mean; without name, those that stand by themselves."""

    rows: tuple[UptimeRow, ...]
    id: str = ""
    name: str = ""
    percent: str | None = None


@dataclass(frozen=True, slots=True)
class UptimeMonthView:
    """Uptime of one month per component and group, each day explained by its intervals."""

    month: YearMonth
    groups: tuple[UptimeGroup, ...]
    previous: YearMonth | None = None
    next: YearMonth | None = None


@dataclass(frozen=True, slots=True)
class PolicyView:
    """How seconds become percentages: what one second of each status counts as downtime."""

    weights: tuple[tuple[str, str], ...] = (
        ("major_outage", "1"),
        ("partial_outage", "0.3"),
        ("degraded_performance", "0"),
    )
    maintenance_counts: bool = False
    minimum_seconds: int = 0


@dataclass(frozen=True, slots=True)
class ComponentMonth:
    month: YearMonth
    percent: str | None


@dataclass(frozen=True, slots=True)
class ComponentPageView:
    """A component's own page. It holds no running figures: months are complete ones, newest first."""

    id: str
    name: str
    status: str
    since: datetime | None = None
    purpose: str = ""
    description: str = ""
    group: str = ""
    start_date: date | None = None
    months: tuple[ComponentMonth, ...] = ()
    changes: tuple[IntervalView, ...] = ()
    """Newest first; the first may be open."""
    incidents: tuple[IncidentSummary, ...] = ()
    policy: PolicyView | None = None
    """Given where it differs from the page's."""


@dataclass(frozen=True, slots=True)
class AboutView:
    """Who updates this page and how (markdown of the page's owner, may be ""), and the uptime policy."""

    policy: PolicyView
    text: str = ""


@dataclass(frozen=True, slots=True)
class MetricRef:
    """Enough of a metric for the status page, which shows its chart by address."""

    id: str
    name: str
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A page at one version, as one view of it sees it."""

    page: PageView
    version: int
    now: datetime
    """The instant of the version; rendering asks no clock."""
    changed_at: datetime
    """When anything but the time last changed."""
    indicator: str
    description: str
    """One of the seven sentences of the v2 API: "All Systems Operational" …"""
    groups: tuple[GroupView, ...]
    month: MonthView
    uptime_month: UptimeMonthView
    announcements: tuple[AnnouncementView, ...] = ()
    incidents: tuple[IncidentView, ...] = ()
    """Open ones, newest first."""
    maintenance: tuple[IncidentView, ...] = ()
    """Running ones first, then those to come, soonest first."""
    recent: tuple[HistoryDay, ...] = ()
    """The last days, newest first, each day present, with what is over."""
    metrics: tuple[MetricRef, ...] = ()
