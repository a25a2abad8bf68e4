"""What operations on incidents and maintenance take and give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.inputs import Flag, Ids, Input, Text
from api.schema.components import Component
from components.choices import ComponentStatus
from incidents.choices import Impact, IncidentStatus

# The original does not list what a published postmortem makes of an incident: here it stays resolved.
STATUSES = [status.value for status in IncidentStatus if status is not IncidentStatus.POSTMORTEM]
_LARGEST = 16_000


class Moment(serializers.DateTimeField):
    """An instant; without a zone it is of UTC. Empty says nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False} | kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(None if data == "" else data)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "object", "additionalProperties": {"enum": [*ComponentStatus.values, ""]}},
            {"type": "array", "items": {"type": "string"}},
        ]
    }
)
class Affected(serializers.Field):
    """A map of ids to statuses; or a list of ids, or of components, that are attached as they are."""

    default_error_messages = {
        "kind": "This is a map of component ids to statuses, or a list of ids.",
        "status": "“{said}” is not a component status.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str | None] | list[str]:
        if isinstance(data, Mapping):
            return {str(one): self._status(status) for one, status in data.items()}
        if isinstance(data, list):
            return [self._id(one) for one in data]
        return [data] if isinstance(data, str) and data else self.fail("kind")

    def to_representation(self, value: Any) -> Any:
        return value

    def _status(self, said: Any) -> str | None:
        if said is None or said == "":
            return None
        if not isinstance(said, str) or said not in ComponentStatus.values:
            self.fail("status", said=str(said)[:40])
        return str(said)

    def _id(self, said: Any) -> str:
        found = said.get("id") if isinstance(said, Mapping) else said
        return found if isinstance(found, str) else self.fail("kind")


class Metadata(serializers.JSONField):
    """Objects by the name of the tool that they are of."""

    default_error_messages = {
        "objects": "This is an object of objects: {{“tool”: {{…}}}}.",
        "large": f"This is longer than {_LARGEST} characters.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False} | kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping) or not all(isinstance(one, Mapping) for one in data.values()):
            self.fail("objects")
        if len(str(data)) > _LARGEST:
            self.fail("large")
        return dict(data)


class IncidentInput(Input):
    name = Text(max_length=255, help_text="What it is called.")
    status = serializers.ChoiceField(
        ["", *STATUSES], required=False, help_text="Where it is; which ones apply depends on its kind."
    )
    impact_override = serializers.ChoiceField(
        ["", *Impact.values], required=False, help_text="Instead of that of its components; empty: none."
    )
    body = Text(max_length=25_000, help_text="What the update says, in Markdown; a stock sentence if empty.")
    message = Text(max_length=25_000, help_text="The same as body.")
    components = Affected(required=False, help_text="What components are from now on, by id; or a list.")
    component_ids = Ids(help_text="All components that it is about; their statuses stay.")
    scheduled_for = Moment(help_text="When a maintenance is to begin. There is none without.")
    scheduled_until = Moment(help_text="When it is to end.")
    scheduled_remind_prior = Flag(help_text="Remind subscribers an hour before.")
    scheduled_auto_in_progress = Flag(help_text="Begin by itself.")
    scheduled_auto_completed = Flag(help_text="End by itself.")
    scheduled_auto_transition = Flag(help_text="Both of these.")
    auto_transition_to_maintenance_state = Flag(help_text="Put its components under maintenance then.")
    auto_transition_to_operational_state = Flag(
        help_text="Take components back to operational at the end; also of an incident that is resolved."
    )
    auto_transition_deliver_notifications_at_start = Flag(help_text="Tell subscribers when it begins.")
    auto_transition_deliver_notifications_at_end = Flag(help_text="Tell subscribers when it ends.")
    deliver_notifications = Flag(help_text="Tell subscribers now; true unless said otherwise.")
    backfilled = Flag(help_text="It is over already: add it to the history and tell nobody.")
    backfill_date = Text(max_length=40, help_text="When it was: a day, or an instant.")
    metadata = Metadata(help_text="What other tools keep with it, for the team alone.")


class UpdateInput(Input):
    body = Text(max_length=25_000)
    message = Text(max_length=25_000, help_text="The same as body.")
    display_at = Moment(help_text="The time that is shown.")


class AffectedComponent(serializers.Serializer):
    code = serializers.CharField(help_text="The component's id.")
    name = serializers.CharField()
    old_status = serializers.CharField()
    new_status = serializers.CharField()


class IncidentUpdate(serializers.Serializer):
    id = serializers.CharField()
    incident_id = serializers.CharField()
    status = serializers.ChoiceField(STATUSES)
    body = serializers.CharField(help_text="Markdown.")
    affected_components = AffectedComponent(many=True, allow_null=True)
    deliver_notifications = serializers.BooleanField()
    display_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    wants_twitter_update = serializers.BooleanField(help_text="Always false.")
    twitter_updated_at = serializers.DateTimeField(allow_null=True, help_text="Always null.")
    tweet_id = serializers.CharField(allow_null=True, help_text="Always null.")
    custom_tweet = serializers.CharField(allow_null=True, help_text="Always null.")


class Incident(serializers.Serializer):
    id = serializers.CharField()
    page_id = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(STATUSES)
    impact = serializers.ChoiceField(Impact.values)
    impact_override = serializers.ChoiceField(Impact.values, allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField()
    monitoring_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    shortlink = serializers.CharField()
    incident_updates = IncidentUpdate(many=True, help_text="The newest first.")
    components = Component(many=True, help_text="As they are now.")
    incident_impacts = serializers.ListField(child=serializers.JSONField(), help_text="Always empty.")
    metadata = serializers.DictField(child=serializers.DictField())
    reminder_intervals = serializers.CharField(allow_null=True, help_text="Always null.")
    backfilled = serializers.BooleanField()
    scheduled_for = serializers.DateTimeField(allow_null=True)
    scheduled_until = serializers.DateTimeField(allow_null=True)
    scheduled_remind_prior = serializers.BooleanField()
    scheduled_reminded_at = serializers.DateTimeField(allow_null=True)
    scheduled_auto_in_progress = serializers.BooleanField()
    scheduled_auto_completed = serializers.BooleanField()
    auto_transition_to_maintenance_state = serializers.BooleanField(allow_null=True)
    auto_transition_to_operational_state = serializers.BooleanField(allow_null=True)
    auto_transition_deliver_notifications_at_start = serializers.BooleanField(allow_null=True)
    auto_transition_deliver_notifications_at_end = serializers.BooleanField(allow_null=True)
    postmortem_body = serializers.CharField(allow_null=True)
    postmortem_body_last_updated_at = serializers.DateTimeField(allow_null=True)
    postmortem_ignored = serializers.BooleanField(help_text="Always false.")
    postmortem_notified_subscribers = serializers.BooleanField()
    postmortem_notified_twitter = serializers.BooleanField(help_text="Always false.")
    postmortem_published_at = serializers.DateTimeField(allow_null=True)
