"""What operations on page access users and groups take and give."""

from __future__ import annotations

from rest_framework import serializers

from api.inputs import Flag, Ids, Input, Text


class AccessUserInput(Input):
    external_login = Text(max_length=255, help_text="What the identity provider calls them.")
    email = Text(max_length=254)
    page_access_group_ids = Ids(help_text="The groups that they are in.")
    subscribe_to_components = Flag(help_text="Taken, and without effect: people subscribe for themselves.")


class AccessUser(serializers.Serializer):
    """Somebody who may see a page. `page_access_group_id`: the first of their groups."""

    id = serializers.CharField()
    page_id = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    external_login = serializers.CharField(allow_null=True)
    page_access_group_id = serializers.CharField(allow_null=True)
    page_access_group_ids = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class AccessGroupInput(Input):
    name = Text(max_length=255)
    external_identifier = Text(max_length=255, help_text="What the identity provider calls the group.")
    component_ids = Ids(help_text="What its users may see.")
    metric_ids = Ids()
    page_access_user_ids = Ids(help_text="Who is in it.")


class AccessGroup(serializers.Serializer):
    id = serializers.CharField()
    page_id = serializers.CharField()
    name = serializers.CharField()
    page_access_user_ids = serializers.ListField(child=serializers.CharField())
    external_identifier = serializers.CharField(allow_null=True)
    metric_ids = serializers.ListField(child=serializers.CharField())
    component_ids = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ComponentIds(Input):
    component_ids = Ids(help_text="On DELETE, without it: all.")


class MetricIds(Input):
    metric_ids = Ids(help_text="On DELETE, without it: all.")


class AccessUserIds(Input):
    page_access_user_ids = Ids(help_text="On DELETE, without it: all.")


class AccessGroupIds(Input):
    page_access_group_ids = Ids(help_text="On DELETE, without it: all.")
