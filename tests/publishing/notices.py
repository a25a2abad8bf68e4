"""Incidents and maintenance of the samples, and the day they happen on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from publishing.snapshot import (
    AffectedTimeView,
    AffectedView,
    HistoryDay,
    IncidentRef,
    IncidentSummary,
    IncidentView,
    UpdateView,
)

NOW = datetime(2026, 11, 19, 14, 32, 8, tzinfo=UTC)
TODAY = NOW.date()
INCIDENTS = (
    IncidentRef("k3v9x2m1q8za", "Elevated error rates on the REST API"),
    IncidentRef("p7d4n6w0t5yb", "Delayed webhooks"),
    IncidentRef("c2h8r1f3j9lu", "Database failover in eu-central"),
)


def at(hour: int, minute: int = 0, days_ago: int = 0) -> datetime:
    return datetime(TODAY.year, TODAY.month, TODAY.day, hour, minute, tzinfo=UTC) - timedelta(days=days_ago)


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
    skipped = replace(
        work,
        id="m6s2k8i4p0ed",
        name="Failover drill",
        status="completed",
        seconds=None,
        cancelled=True,
        latest="The switches last until spring; this is called off.",
    )
    told = {2: (first, second), 6: (work, skipped)}
    return tuple(
        HistoryDay(TODAY - timedelta(days=ago), told.get(ago, ()), is_known=ago != 9) for ago in range(10)
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
        components=(
            AffectedView("Databases", "", id="cmp000000042", worst="major_outage"),
            AffectedView("REST API", "", id="cmp000000010", worst="partial_outage"),
        ),
        affected=(
            AffectedTimeView("Databases", 3360, "major_outage", 3360),
            AffectedTimeView("REST API", 1500, "partial_outage", 450, ("It worked again from 14:20 on.",)),
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


def cancelled_maintenance() -> IncidentView:
    planned = upcoming_maintenance()
    ending = UpdateView(
        "upd000000022", "completed", "The switches last until spring; this is called off.", at(10, 5), ""
    )
    return replace(
        planned,
        id="m6s2k8i4p0ed",
        status="completed",
        resolved_at=at(10, 5),
        cancelled=True,
        components=(AffectedView("Edge network", "", id="cmp000000030"),),
        updates=(ending, *planned.updates),
    )
