"""Model fields that several apps share."""

from __future__ import annotations

from typing import Any

from django.db import models

from common.ids import new_id


class PublicIdField(models.CharField):
    """A primary key that URLs and APIs name: up to 32 characters [0-9a-z], 12 random ones by default."""

    def __init__(self, **kwargs: Any) -> None:
        own: dict[str, Any] = {"max_length": 32, "primary_key": True, "default": new_id, "editable": False}
        super().__init__(**(own | kwargs))


class PlainIdField(models.CharField):
    """The id of a row in another schema, or of one that may be gone: no foreign key."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"max_length": 32} | kwargs))
