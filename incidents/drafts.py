"""What a draft holds: all that a verb wants to know, as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from incidents.steps import Words


@dataclass(frozen=True, slots=True)
class Written:
    """`promise` (minutes) and `hold` (seconds) count from when it is published."""

    words: Words
    name: str = ""
    impact_override: str | None = None
    to_operational: bool = True
    promise: int | None = None
    next_update_by: datetime | None = None
    hold: int = 0

    @property
    def as_json(self) -> dict[str, Any]:
        by = self.next_update_by.isoformat() if self.next_update_by else None
        words = {name: value for name, value in asdict(self.words).items() if name != "display_at"}
        return asdict(self) | {"words": words, "next_update_by": by}

    @classmethod
    def of(cls, content: dict[str, Any]) -> Written:
        by = content["next_update_by"]
        at = datetime.fromisoformat(by) if by else None
        return cls(**content | {"words": Words(**content["words"]), "next_update_by": at})

    def promised(self, now: datetime) -> datetime | None:
        """By when the next update is promised, if this is published now."""
        return self.next_update_by or (now + timedelta(minutes=self.promise) if self.promise else None)

    def told_at(self, now: datetime) -> datetime | None:
        return now + timedelta(seconds=self.hold) if self.hold else None
