"""What components would be if something were said of them: on paper, nothing is written."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from components.status import Speaker, spoken
from components.timeline import Effective, Spoken, effective

# Said after everything that is written already.
_NEWEST = sys.maxsize


class Outlook:
    """Of these components, at `now`. Its verbs are those of `components.status`. One query."""

    def __init__(self, ids: Collection[str], now: datetime) -> None:
        self._now, self._said = now, spoken(ids, now)

    def of(self, component_id: str) -> Effective:
        """What holds."""
        return effective(self._said[component_id], self._now)

    def say(self, speaker: Speaker, statuses: Mapping[str, str]) -> None:
        self.take_back(speaker, statuses)
        for one, status in statuses.items():
            self._said[one].append(Spoken(_NEWEST, speaker.source, speaker.id, status, self._now, None))

    def take_back(self, speaker: Speaker, ids: Iterable[str]) -> None:
        mine = (speaker.source, speaker.id, None)
        for one in ids:
            kept = [each for each in self._said[one] if (each.source, each.source_id, each.ended) != mine]
            self._said[one] = kept
