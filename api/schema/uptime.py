"""What operations on uptime give."""

from __future__ import annotations

from rest_framework import serializers


class RelatedEvent(serializers.Serializer):
    id = serializers.CharField()


class RelatedEventsOfOne(serializers.Serializer):
    component_id = serializers.CharField()
    incidents = RelatedEvent(many=True)


class _Uptime(serializers.Serializer):
    range_start = serializers.DateTimeField(help_text="When the first day began.")
    range_end = serializers.DateTimeField(help_text="When the last day began.")
    uptime_percentage = serializers.FloatField(allow_null=True, help_text="Null where nothing is known.")
    major_outage = serializers.IntegerField(help_text="Seconds.")
    partial_outage = serializers.IntegerField(help_text="Seconds.")
    warnings = serializers.ListField(child=serializers.CharField())
    id = serializers.CharField()
    name = serializers.CharField()


class ComponentUptime(_Uptime):
    related_events = RelatedEvent(many=True, required=False)


class ComponentGroupUptime(_Uptime):
    """The mean of the group's components; seconds are those of all of them together."""

    related_events = RelatedEventsOfOne(many=True, required=False)
