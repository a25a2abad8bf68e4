"""Pages to measure on: the recorded history of a real page, over as many components as wanted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from importing.actions import import_page
from importing.documents import Source, SourceComponent, SourceNotice, SourceUpdate
from importing.folder import read_folder
from importing.shift import weeks_until_recent
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.change import PUBLISH
from pages.models import StatusPage
from publishing.publish import COLD
from tenants.actions import HOSTS

RECORD = settings.BASE_DIR / "fixtures" / "githubstatus"
_A_GROUP = 10
_TOPICS = (PUBLISH, COLD, HOSTS)


def migrate() -> None:
    call_command("migrate_schemas", shared=True, verbosity=0)


def import_spread(size: int, slug: str) -> StatusPage:
    """The recorded page with `size` components instead of its own, its notices dealt out among them."""
    source = read_folder(RECORD)
    weeks = weeks_until_recent(source, timezone.now())
    return import_page(spread(source, size), slug=slug, shift_weeks=weeks).page


def spread(source: Source, size: int) -> Source:
    """Copies of the source's components, ten a group; a notice concerns the first copies, or the second …"""
    own = [one for one in source.components if not one.removed and not one.group]
    sets = -(-size // len(own))
    copies = [_copies(own, number) for number in range(sets)]
    kept = [one for copy in copies for one in copy.values()][:size]
    ids = {one.id for one in kept}
    names = [
        {former: one.id for former, one in copy.items() if one.id in ids} or _names(copies[0])
        for copy in copies
    ]
    others = [one for one in source.components if one.removed]
    return replace(
        source,
        components=(*_groups(size), *(_placed(one, place) for place, one in enumerate(kept)), *others),
        notices=tuple(_renamed(one, names[place % sets]) for place, one in enumerate(source.notices)),
    )


def publish_all(page: StatusPage) -> None:
    """Until every document of the page is in the store."""
    while OutboxItem.objects.filter(topic__in=_TOPICS).exists():
        if not drain(_TOPICS, seconds=60):
            time.sleep(0.01)


def _copies(own: list[SourceComponent], number: int) -> dict[str, SourceComponent]:
    """By the id of the original."""
    return {
        one.id: replace(one, id=f"{one.id[:8]}{number:04}", name=f"{one.name} {number + 1}") for one in own
    }


def _names(copy: dict[str, SourceComponent]) -> dict[str, str]:
    return {former: one.id for former, one in copy.items()}


def _groups(size: int) -> list[SourceComponent]:
    return [
        SourceComponent(f"group{number:07}", f"Region {number + 1}", group=True, position=number)
        for number in range(-(-size // _A_GROUP))
    ]


def _placed(one: SourceComponent, place: int) -> SourceComponent:
    return replace(one, position=place, group_id=f"group{place // _A_GROUP:07}", showcase=True)


def _renamed(notice: SourceNotice, names: Mapping[str, str]) -> SourceNotice:
    return replace(
        notice,
        components=tuple((names.get(pk, pk), name) for pk, name in notice.components),
        updates=tuple(_renamed_update(update, names) for update in notice.updates),
    )


def _renamed_update(update: SourceUpdate, names: Mapping[str, str]) -> SourceUpdate:
    affected = (
        replace(one, component_id=names.get(one.component_id, one.component_id)) for one in update.affected
    )
    return replace(update, affected=tuple(affected))
