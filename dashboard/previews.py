"""What an incident or an update would show on the page, and whom it would tell what. Nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from dashboard.doing import outcome
from dashboard.forms.incident import NewIncidentForm, SayingForm, UpdateForm
from dashboard.framed import Framed, framed
from dashboard.gates import PageRequest
from incidents.choices import Impact, IncidentStatus
from incidents.foretelling import Foretold, foretell_incident, foretell_update
from incidents.stock import SENTENCES
from notifications.dry_run import DryRun, Sample, dry_run_of
from pages.models import StatusPage
from subscribers.choices import Channel

# Of the other channels a preview shows how many are told.
_SHOWN = frozenset({Channel.EMAIL, Channel.SMS})


@dataclass(frozen=True, slots=True)
class Preview:
    """`refusal`: why it would not be taken as it is. `recipients`: by the word for the channel."""

    name: str
    status: IncidentStatus
    impact: Impact
    body: str
    technical_details: str
    recipients: list[tuple[str, int]] = field(default_factory=list)
    samples: dict[str, Sample] = field(default_factory=dict)
    mail: Framed | None = None
    refusal: str = ""

    @property
    def people(self) -> int:
        return sum(number for _channel, number in self.recipients)


def preview_of(request: PageRequest, form: SayingForm) -> Preview:
    """Of what is typed so far, however much of it is missing."""
    form.is_valid()
    words = form.words
    told, refusal = outcome(lambda: _told(request, form))
    samples = told.samples if told else {}
    return Preview(
        name=_name(form),
        status=IncidentStatus(words.status),
        impact=_impact(form),
        body=words.body.strip() or _stock(request.page, words.status),
        technical_details=words.technical_details,
        recipients=by_channel(told),
        samples=samples,
        mail=framed(request, request.page.pk, _about(form), samples.get(Channel.EMAIL)),
        refusal=refusal,
    )


def _told(request: PageRequest, form: SayingForm) -> DryRun | None:
    foretold = _foretold(request.page, form)
    return dry_run_of(request.page, foretold, _SHOWN) if form.words.deliver else None


def _foretold(page: StatusPage, form: SayingForm) -> Foretold:
    now = timezone.now()
    how: dict[str, Any] = {"now": now, "next_update_by": form.promised(now)}
    if isinstance(form, UpdateForm):
        back = form.cleaned_data.get("to_operational", False)
        return foretell_update(page, form.incident, form.words, to_operational=back, **how)
    impact = form.impact if isinstance(form, NewIncidentForm) else None
    return foretell_incident(page, form.words, name=_name(form), impact_override=impact, **how)


def _about(form: SayingForm) -> str:
    return form.incident.pk if isinstance(form, UpdateForm) else "incident"


def _name(form: SayingForm) -> str:
    if isinstance(form, UpdateForm):
        return form.incident.name
    return form.cleaned_data.get("name") or _("Name of the incident")


def _impact(form: SayingForm) -> Impact:
    """The chosen one, or that of the worst component ever that everybody may see."""
    if isinstance(form, NewIncidentForm) and form.impact:
        return Impact(form.impact)
    if isinstance(form, UpdateForm) and form.incident.impact_override:
        return Impact(form.incident.impact_override)
    choosing: Any = form.fields["statuses"]
    shown = {one.pk: one.status for one in choosing.widget.components if not one.restricted}
    said = form.words.components
    known = [form.incident.impact] if isinstance(form, UpdateForm) else []
    impacts = [Impact.of_component_status(to or shown[pk]) for pk, to in said.items() if pk in shown]
    return Impact.worst([*known, *impacts])


def _stock(page: StatusPage, status: str) -> str:
    with override(page.language):
        return _(SENTENCES[IncidentStatus(status)])


def by_channel(told: DryRun | None) -> list[tuple[str, int]]:
    found = told.recipients if told else {}
    return [(str(Channel(channel).label), number) for channel, number in found.items() if number]
