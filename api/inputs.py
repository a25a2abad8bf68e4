"""What bodies are declared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers


class Input(serializers.Serializer):
    """Members that an operation takes: unknown ones are ignored, and null says nothing.

    But for those in `clears`: there null empties what is.
    """

    clears: ClassVar[frozenset[str]] = frozenset()

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        for one in fields.values():
            one.allow_null = True
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            data = {name: value for name, value in data.items() if value is not None or name in self.clears}
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """Text as it was sent. Numbers are no text in JSON, though a form has nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_blank": True, "trim_whitespace": False} | kwargs)


class Flag(serializers.BooleanField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False} | kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Empty says nothing."""
        found = super().run_validation(data)
        if found is None:
            raise serializers.SkipField
        return found


class Ids(serializers.ListField):
    """Ids, as a list or, in a form, one alone."""

    child = serializers.CharField(max_length=32)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 1_000} | kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value([data] if isinstance(data, str) else data)
