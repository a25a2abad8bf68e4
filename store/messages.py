"""What the store says on its channel after a change: who listens replaces what it holds."""

import json
from dataclasses import asdict, dataclass

from store.documents import is_count

CHANNEL = "store:changes"
# In the place of a view: the page's emergency notices have changed.
EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Change:
    """A page's view is at this version now; with an empty page id it is the map of hosts."""

    page_id: str
    view: str
    version: int

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Change | None":
        """None for what the store did not say."""
        try:
            change = cls(**json.loads(raw))
        except (TypeError, ValueError):
            return None
        sound = isinstance(change.page_id, str) and isinstance(change.view, str) and is_count(change.version)
        return change if sound else None
