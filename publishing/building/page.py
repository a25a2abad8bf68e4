"""The page itself: identity, look, policy, groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from components.choices import ComponentStatus
from components.models import Component, ComponentGroup
from components.uptime import Figure, Policy, mean
from pages.links import lasting_host, page_url
from pages.models import Asset, StatusPage
from publishing.building.histories import policy_of, shown
from publishing.snapshot import (
    AboutView,
    ComponentView,
    GroupView,
    PageView,
    PolicyView,
    UptimeGroup,
    UptimeRow,
    UptimeView,
)

# A page with more components than this shows its groups closed until something is wrong.
CROWDED = 12
Uptimes = dict[str, tuple[UptimeView, Figure]]


def page_view(page: StatusPage) -> PageView:
    """Of a page that is not for everybody its identity and look alone, without what its team wrote on it."""
    view = _page_view(page)
    return view if page.is_public else replace(view, description="", header="", footer="", note="")


def _page_view(page: StatusPage) -> PageView:
    return PageView(
        id=page.pk,
        name=page.name,
        base_url=page_url(page),
        lasting_host=lasting_host(page),
        description=page.description,
        time_zone=page.time_zone,
        language=page.language,
        company_url=page.company_url,
        support_url=page.support_url,
        logo_light=_path(page.logo_light),
        logo_dark=_path(page.logo_dark),
        favicon=_path(page.favicon),
        accent=page.accent,
        accent_dark=page.accent_dark,
        custom_css=page.custom_css,
        header=page.header,
        footer=page.footer,
        note=page.note,
        noindex=page.noindex,
        show_uptime=page.show_uptime,
        uptime_days=page.uptime_days,
        embed=tuple(sorted(page.embed.items())),
    )


def images(page: StatusPage) -> list[Asset]:
    return [asset for asset in (page.logo_light, page.logo_dark, page.favicon) if asset]


def about_view(page: StatusPage) -> AboutView:
    return AboutView(policy_view(policy_of(page)), page.about)


def policy_view(policy: Policy) -> PolicyView:
    weights = {
        ComponentStatus.MAJOR_OUTAGE: policy.major,
        ComponentStatus.PARTIAL_OUTAGE: policy.partial,
        ComponentStatus.DEGRADED_PERFORMANCE: policy.degraded,
    }
    return PolicyView(
        weights=tuple((status.value, f"{weight:g}") for status, weight in weights.items()),
        maintenance_counts=policy.maintenance_counts,
        minimum_seconds=int(policy.minimum.total_seconds()),
    )


def group_views(
    groups: Iterable[ComponentGroup], components: list[Component], uptimes: Uptimes
) -> tuple[GroupView, ...]:
    """Components without a group stand where the first of them stands among the groups."""
    members = by_group(components)
    crowded = len(components) > CROWDED
    return tuple(
        GroupView(
            components=tuple(_component_view(one, uptimes) for one in members[group.pk if group else None]),
            id=group.pk if group else "",
            name=group.name if group else "",
            description=group.description if group else "",
            status=ComponentStatus.worst(one.status for one in members[group.pk if group else None]),  # type: ignore[attr-defined]
            percent=_mean(members[group.pk if group else None], uptimes),
            collapsed=bool(group) and crowded,
        )
        for group in ordered(groups, members)
    )


def uptime_groups(
    groups: Iterable[ComponentGroup], components: list[Component], uptimes: Uptimes
) -> tuple[UptimeGroup, ...]:
    members = by_group(components)
    return tuple(
        UptimeGroup(
            rows=tuple(
                UptimeRow(one.pk, one.name, uptimes[one.pk][0])
                for one in members[group.pk if group else None]
            ),
            id=group.pk if group else "",
            name=group.name if group else "",
            percent=_mean(members[group.pk if group else None], uptimes),
        )
        for group in ordered(groups, members)
    )


def by_group(components: Iterable[Component]) -> dict[str | None, list[Component]]:
    members: dict[str | None, list[Component]] = defaultdict(list)
    for component in components:
        members[component.group_id].append(component)
    return members


def ordered(
    groups: Iterable[ComponentGroup], members: dict[str | None, list[Component]]
) -> list[ComponentGroup | None]:
    """Groups that have members, and None for those without a group, by position; None first on a tie."""
    places: list[tuple[int, int, ComponentGroup | None]] = [
        (group.position, 1, group) for group in groups if members.get(group.pk)
    ]
    if members.get(None):
        places.append((min(one.position for one in members[None]), 0, None))
    return [group for *_, group in sorted(places, key=lambda place: place[:2])]


def _component_view(component: Component, uptimes: Uptimes) -> ComponentView:
    uptime = uptimes.get(component.pk)
    return ComponentView(
        id=component.pk,
        name=component.name,
        status=component.status,  # type: ignore[attr-defined]
        since=component.status_since,  # type: ignore[attr-defined]
        purpose=component.purpose,
        description=component.description,
        only_show_if_degraded=component.only_show_if_degraded,
        showcase=component.showcase,
        uptime=uptime[0] if uptime else None,
    )


def _mean(members: Iterable[Component], uptimes: Uptimes) -> str | None:
    return shown(mean(uptimes[one.pk][1] for one in members if one.pk in uptimes))


def _path(asset: Asset | None) -> str:
    return asset.path if asset else ""
