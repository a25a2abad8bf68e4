"""What is to be written over a page's documents now, from all who have something to say."""

from edge.emergency import Watch
from edge.heart import Heart
from edge.overlay import Overlay


class Overlays:
    """The same object for as long as it says the same: what was made under it stands."""

    def __init__(self, heart: Heart, watch: Watch) -> None:
        self._heart = heart
        self._watch = watch
        self._made: dict[str, tuple[Overlay | None, int, Overlay]] = {}

    def of(self, page_id: str) -> Overlay | None:
        stale, shown = self._heart.overlay, self._watch.shown.get(page_id)
        if shown is None:
            return stale
        made = self._made.get(page_id)
        if made is None or made[0] is not stale or made[1] != shown[0]:
            made = (stale, shown[0], (stale or Overlay()).with_notice(*shown))
            self._made[page_id] = made
        return made[2]

    def mark_of(self, page_id: str) -> str:
        overlay = self.of(page_id)
        return overlay.mark if overlay is not None else ""
