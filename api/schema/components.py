"""What operations on components and groups take and give."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from api.inputs import Flag, Ids, Input, Text
from components.choices import ComponentStatus


class ComponentInput(Input):
    clears: ClassVar[frozenset[str]] = frozenset({"description", "group_id", "start_date"})

    name = Text(max_length=255, help_text="Display name.")
    description = Text(max_length=2000, help_text="What it is.")
    status = serializers.ChoiceField(
        [*ComponentStatus.values, ""], required=False, help_text="Empty: as it is."
    )
    group_id = Text(max_length=32, help_text="The group that it is in; null: none.")
    showcase = Flag(help_text="Show its uptime.")
    only_show_if_degraded = Flag(help_text="Hide it from the page while it is operational.")
    start_date = serializers.DateField(required=False, help_text="Its history begins here.")


class Component(serializers.Serializer):
    """A component, or a group (`group`: true) as it stands in the list of components."""

    id = serializers.CharField()
    page_id = serializers.CharField()
    group_id = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    group = serializers.BooleanField()
    name = serializers.CharField()
    description = serializers.CharField(allow_null=True)
    position = serializers.IntegerField()
    status = serializers.ChoiceField(ComponentStatus.values)
    showcase = serializers.BooleanField()
    only_show_if_degraded = serializers.BooleanField()
    automation_email = serializers.CharField(help_text="Always empty.")
    start_date = serializers.DateField(allow_null=True)
    components = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Of a group: the ids of its members."
    )


class StatusesInput(Input):
    components = serializers.DictField(
        child=serializers.ChoiceField(ComponentStatus.values),
        allow_empty=False,
        help_text="Component id to status: all of them are set, or none.",
    )


class GroupInput(Input):
    clears: ClassVar[frozenset[str]] = frozenset({"description"})

    name = Text(max_length=255)
    description = Text(max_length=500)
    components = Ids(help_text="Its members: they leave the groups that they were in.")


class GroupBody(Input):
    """`description` stands beside the group in the original's document, inside it in most clients."""

    component_group = GroupInput(required=False)
    components_group = GroupInput(required=False, help_text="The same, as one client spells it.")
    description = Text(max_length=500)


class Group(serializers.Serializer):
    id = serializers.CharField()
    page_id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_null=True)
    components = serializers.ListField(child=serializers.CharField())
    position = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


def described(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """Those that were given, with null as the empty text where the column knows no null."""
    found = {name: data[name] for name in names if name in data}
    if "description" in found:
        found["description"] = found["description"] or ""
    return found
