"""How far the messages of an update have come, read from counts that the database keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from notifications.choices import DeliveryStatus
from notifications.models import Notification, Tally

_STATES = {
    "sent": (DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED),
    "waiting": (DeliveryStatus.PENDING,),
    "retrying": (Tally.RETRYING,),
    "dead": (DeliveryStatus.DEAD,),
    "refused": (DeliveryStatus.FAILED, DeliveryStatus.BOUNCED),
    "withheld": (DeliveryStatus.SUPPRESSED,),
    "superseded": (DeliveryStatus.SUPERSEDED,),
}
_WORDS = {
    "waiting": _lazy("waiting"),
    "retrying": _lazy("retrying"),
    "dead": _lazy("dead"),
    "refused": _lazy("refused"),
    "withheld": _lazy("held back"),
    "superseded": _lazy("replaced by newer ones"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How many messages were `sent`, are `waiting` for their first attempt or `retrying`, are `dead`, were
    `refused`, `withheld` or `superseded`; `expanding` while there may be more recipients."""

    sent: int = 0
    waiting: int = 0
    retrying: int = 0
    dead: int = 0
    refused: int = 0
    withheld: int = 0
    superseded: int = 0
    expanding: bool = False

    @property
    def total(self) -> int:
        return sum(getattr(self, name) for name in _STATES)

    @property
    def is_over(self) -> bool:
        return not (self.waiting or self.retrying or self.expanding)

    def __str__(self) -> str:
        """Such as “4,812 of 4,830 sent, 11 retrying, 7 dead”."""
        said = [_("%(sent)s of %(all)s sent") % {"sent": grouped(self.sent), "all": grouped(self.total)}]
        numbers = {word: getattr(self, name) for name, word in _WORDS.items()}
        said += [f"{grouped(number)} {word}" for word, number in numbers.items() if number]
        return ", ".join([*said, _("more recipients to come")] if self.expanding else said)


def grouped(number: int) -> str:
    """Such as 4,812, as the active language groups digits."""
    return str(number_format(number, force_grouping=True))


def progress(notification: Notification) -> Progress:
    """By one query, which costs the same for ten recipients and a million."""
    return progress_of([notification])[notification.pk]


def progress_of(notifications: Iterable[Notification]) -> dict[int, Progress]:
    """Of several, by one query."""
    wanted = {one.pk: one for one in notifications}
    rows = Tally.objects.filter(notification__in=wanted).values_list("notification", "state")
    counts = {(pk, state): number for pk, state, number in rows.annotate(number=Sum("number"))}
    return {
        pk: Progress(
            **{
                name: sum(counts.get((pk, str(state)), 0) for state in states)
                for name, states in _STATES.items()
            },
            expanding=one.expanded_at is None,
        )
        for pk, one in wanted.items()
    }
