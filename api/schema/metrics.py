"""What operations on metrics, their points and their sources take and give."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from api.inputs import Flag, Input, Text
from metrics.choices import ProviderKind, Transform


class ProviderInput(Input):
    """Keys that are left out, or empty, stay as they are."""

    type = serializers.ChoiceField(ProviderKind.values, required=False)
    metric_base_uri = Text(max_length=300, help_text="Of the service's API; empty: its usual one.")
    disabled = Flag(help_text="It is not asked, and takes no points.")
    email = Text(max_length=300, help_text="For Librato.")
    password = Text(max_length=300)
    api_key = Text(max_length=300, help_text="For Datadog and New Relic.")
    api_token = Text(max_length=300, help_text="For Librato and Pingdom.")
    application_key = Text(max_length=300, help_text="For Datadog.")


class Provider(serializers.Serializer):
    id = serializers.CharField()
    page_id = serializers.CharField()
    type = serializers.ChoiceField(ProviderKind.values)
    email = serializers.CharField(allow_null=True)
    disabled = serializers.BooleanField()
    metric_base_uri = serializers.CharField()
    last_revalidated_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class MetricInput(Input):
    clears: ClassVar[frozenset[str]] = frozenset({"y_axis_min", "y_axis_max"})

    name = Text(max_length=120)
    metric_identifier = Text(max_length=500, help_text="By which its source knows it.")
    application_id = Text(max_length=60, help_text="New Relic's number of the application.")
    transform = serializers.ChoiceField(
        [*Transform.values, ""], required=False, help_text="How the values of a minute become one."
    )
    suffix = Text(max_length=20, help_text="Behind each value.")
    y_axis_min = serializers.FloatField(
        required=False, help_text="Where the axis begins; the same as its end: the values decide."
    )
    y_axis_max = serializers.FloatField(required=False)
    y_axis_hidden = Flag()
    display = Flag(help_text="Show it on the page.")
    decimal_places = serializers.IntegerField(required=False, min_value=0, max_value=6)
    tooltip_description = Text(max_length=500)


class Metric(serializers.Serializer):
    id = serializers.CharField()
    metrics_provider_id = serializers.CharField()
    metric_identifier = serializers.CharField()
    name = serializers.CharField()
    display = serializers.BooleanField()
    tooltip_description = serializers.CharField()
    backfilled = serializers.BooleanField(help_text="Always false.")
    y_axis_min = serializers.FloatField(help_text="0 where the values decide.")
    y_axis_max = serializers.FloatField(help_text="The same.")
    y_axis_hidden = serializers.BooleanField()
    suffix = serializers.CharField()
    decimal_places = serializers.IntegerField()
    most_recent_data_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    last_fetched_at = serializers.DateTimeField(allow_null=True)
    backfill_percentage = serializers.IntegerField(help_text="Always 0.")
    reference_name = serializers.CharField()


class Timestamp(serializers.IntegerField):
    """As it was sent: what a point may hold is said in one place, for all ways that points come."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class Value(serializers.FloatField):
    def to_internal_value(self, data: Any) -> Any:
        return data


class PointInput(Input):
    timestamp = Timestamp(help_text="Seconds since 1970, of the last 30 days.")
    value = Value()


class PointsInput(Input):
    # As in the original. The library has a property of that name, which declared members leave alone.
    data = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=PointInput(), allow_empty=True),
        help_text="Metric id to points: all of them are added, or none.",
    )


class Point(serializers.Serializer):
    timestamp = serializers.IntegerField()
    value = serializers.FloatField()


class PointAdded(serializers.Serializer):
    data = Point()  # type: ignore[assignment]
