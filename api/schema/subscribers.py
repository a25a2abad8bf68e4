"""What operations on subscribers take and give."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.inputs import Flag, Ids, Input, Text
from subscribers.choices import Channel, SubscriberState

# Of the original's kinds, which channels are called so.
CHANNELS: dict[str, frozenset[str]] = {
    "email": frozenset({Channel.EMAIL}),
    "sms": frozenset({Channel.SMS}),
    "webhook": frozenset({Channel.WEBHOOK}),
    "slack": frozenset({Channel.SLACK}),
    "teams": frozenset({Channel.TEAMS}),
    "integration_partner": frozenset({Channel.DISCORD, Channel.GOOGLE_CHAT}),
}
STATES: dict[str, frozenset[str]] = {
    "active": frozenset({SubscriberState.ACTIVE}),
    "unconfirmed": frozenset({SubscriberState.UNCONFIRMED}),
    "quarantined": frozenset({SubscriberState.QUARANTINED}),
}
STATES["all"] = frozenset().union(*STATES.values())
ALL = "all"


@extend_schema_field(
    {"oneOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string", "enum": [ALL]}]}
)
class Several(Ids):
    """Ids, or the word “all”: then None."""

    def to_internal_value(self, data: Any) -> Any:
        return None if data == ALL else super().to_internal_value(data)

    def run_validators(self, value: Any) -> None:
        if value is not None:
            super().run_validators(value)


class IncidentSubscriberInput(Input):
    email = Text(max_length=254, help_text="Of a webhook: who looks after it.")
    phone_country = Text(max_length=2, help_text="Two letters, such as DE.")
    phone_number = Text(max_length=40, help_text="As one dials it there.")
    skip_confirmation_notification = Flag(
        help_text="Of e-mail: tell them without asking them first, as you have their consent."
    )


class SubscriberInput(IncidentSubscriberInput):
    endpoint = Text(max_length=2_000, help_text="Where a webhook is sent.")
    page_access_user = Text(max_length=32, help_text="Whose it is: an id.")
    component_ids = Ids(help_text="Only these components; without: the whole page.")


class ChosenInput(Input):
    component_ids = Ids(help_text="Only these components; without: the whole page.")


class ChosenBody(ChosenInput):
    """The original has it bare; its clients put it into the envelope as well."""

    subscriber = ChosenInput(required=False)


class TogetherInput(Input):
    subscribers = Several(help_text="Their ids, or “all”.")
    type = serializers.ChoiceField(sorted(CHANNELS), required=False)


class LeaveInput(TogetherInput):
    state = serializers.ChoiceField(sorted(STATES), required=False, help_text="Active, unless said.")


class Subscriber(serializers.Serializer):
    id = serializers.CharField()
    state = serializers.ChoiceField(SubscriberState.values)
    mode = serializers.ChoiceField(list(CHANNELS))
    email = serializers.CharField(allow_null=True)
    endpoint = serializers.CharField(allow_null=True)
    phone_number = serializers.CharField(allow_null=True)
    phone_country = serializers.CharField(allow_null=True)
    display_phone_number = serializers.CharField(allow_null=True)
    obfuscated_channel_name = serializers.CharField(allow_null=True)
    workspace_name = serializers.CharField(allow_null=True)
    skip_confirmation_notification = serializers.BooleanField()
    components = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Null: the whole page."
    )
    page_access_user_id = serializers.CharField(allow_null=True)
    quarantined_at = serializers.DateTimeField(allow_null=True)
    purge_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class CountByType(serializers.Serializer):
    email = serializers.IntegerField()
    sms = serializers.IntegerField()
    webhook = serializers.IntegerField()
    slack = serializers.IntegerField()
    teams = serializers.IntegerField()
    integration_partner = serializers.IntegerField()


class CountByState(serializers.Serializer):
    active = serializers.IntegerField()
    unconfirmed = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    total = serializers.IntegerField()


class CountByTypeAndState(serializers.Serializer):
    email = CountByState()
    sms = CountByState()
    webhook = CountByState()
    slack = CountByState()
    teams = CountByState()
    integration_partner = CountByState()
