"""What operations on templates and postmortems take and give."""

from __future__ import annotations

from rest_framework import serializers

from api.inputs import Flag, Ids, Input, Text
from api.schema.components import Component
from api.schema.incidents import STATUSES


class TemplateInput(Input):
    name = Text(max_length=120, help_text="What the team calls it.")
    title = Text(max_length=255, help_text="The name of what is made from it.")
    body = Text(max_length=25_000, help_text="The first update, in Markdown.")
    group_id = Text(max_length=32, help_text="What other tools sort it by.")
    update_status = serializers.ChoiceField(STATUSES, required=False)
    should_send_notifications = Flag(help_text="Tell subscribers.")
    component_ids = Ids(help_text="All components that it is about.")


class Template(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    group_id = serializers.CharField(allow_null=True)
    update_status = serializers.ChoiceField(STATUSES)
    should_tweet = serializers.BooleanField(help_text="Always false.")
    should_send_notifications = serializers.BooleanField()
    components = Component(many=True)


class DraftInput(Input):
    body_draft = Text(max_length=100_000, help_text="Markdown.")


class PublishInput(Input):
    notify_subscribers = Flag(help_text="Tell subscribers; false unless said otherwise.")


class PublishBody(Input):
    postmortem = PublishInput(required=False)


class Postmortem(serializers.Serializer):
    preview_key = serializers.CharField(allow_null=True, help_text="Always null.")
    body = serializers.CharField(allow_null=True, help_text="What is published.")
    body_updated_at = serializers.DateTimeField(allow_null=True)
    body_draft = serializers.CharField(allow_null=True)
    body_draft_updated_at = serializers.DateTimeField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)
    notify_subscribers = serializers.BooleanField(help_text="Whether they were told when it was published.")
    notify_twitter = serializers.BooleanField(help_text="Always false.")
    custom_tweet = serializers.CharField(allow_null=True, help_text="Always null.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
