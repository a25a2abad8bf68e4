"""What the operation that sends again takes and gives."""

from __future__ import annotations

from rest_framework import serializers

from api.inputs import Input


class ReplayInput(Input):
    since = serializers.DateTimeField(
        required=False, help_text="Of what has happened since then; otherwise in the last seven days."
    )


class Replayed(serializers.Serializer):
    replayed = serializers.IntegerField(help_text="How many messages are sent again.")
