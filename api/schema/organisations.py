"""What operations on an organisation's people take and give."""

from __future__ import annotations

from rest_framework import serializers

from api.inputs import Flag, Input, Text


class UserInput(Input):
    email = Text(max_length=254)
    password = Text(help_text="Taken, and not looked at: people choose their own.")
    first_name = Text(help_text="Taken, and not looked at: people say themselves what they are called.")
    last_name = Text(help_text="The same.")


class User(serializers.Serializer):
    """A member of the organisation, or somebody who was invited and has not answered yet."""

    id = serializers.CharField()
    organization_id = serializers.CharField()
    email = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    created_at = serializers.DateTimeField(help_text="When they were invited or became a member.")
    updated_at = serializers.DateTimeField()


class PagePermissions(Input):
    page_configuration = Flag(help_text="An admin of the page.")
    incident_manager = Flag(help_text="An editor of the page: goes with maintenance_manager.")
    maintenance_manager = Flag(help_text="An editor of the page: goes with incident_manager.")


class PermissionsInput(Input):
    pages = serializers.DictField(
        child=PagePermissions(),
        required=False,
        help_text="By page id; an empty object: what they may do in the organisation.",
    )


class GivenPermissions(serializers.Serializer):
    page_configuration = serializers.BooleanField()
    incident_manager = serializers.BooleanField()
    maintenance_manager = serializers.BooleanField()


class PermissionsData(serializers.Serializer):
    user_id = serializers.CharField()
    pages = serializers.DictField(child=GivenPermissions(), help_text="By page id.")


class Permissions(serializers.Serializer):
    def get_fields(self) -> dict[str, serializers.Field]:
        """One member, whose name serializers have taken."""
        return {"data": PermissionsData()}
