"""Writing rows: validated, and only the columns that changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext as _

from common.errors import Refused

_Row = TypeVar("_Row", bound=models.Model)


def add(row: _Row) -> _Row:
    """Validate and insert. Raises Refused, naming the field, where a value is not acceptable."""
    _validate(row)
    row.save(force_insert=True)
    return row


def change(
    row: models.Model, values: Mapping[str, Any], now: datetime, allowed: Collection[str]
) -> list[str]:
    """Set `values`, validate, and save the columns that differ, with `updated_at` if any; their names.

    Raises Refused for a field that is not in `allowed`, and for a value that is not acceptable.
    """
    unknown = sorted(set(values) - set(allowed))
    if unknown:
        message = _("There is no such field: %(names)s.") % {"names": ", ".join(unknown)}
        raise Refused(message, unknown[0])
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        _validate(row)
        row.save(update_fields=[*changed, *_stamp(row, now)])
    return changed


def state(row: models.Model, **more: Any) -> dict[str, Any]:
    """Every column of a row as JSON-ready values, for an event's facts; `more` is added."""
    columns = {field.attname: _plain(getattr(row, field.attname)) for field in row._meta.concrete_fields}
    return columns | more


def _stamp(row: models.Model, now: datetime) -> list[str]:
    if not hasattr(row, "updated_at"):
        return []
    row.updated_at = now
    return ["updated_at"]


def _validate(row: models.Model) -> None:
    try:
        row.full_clean()
        _check_lengths(row)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Refused(" ".join(messages), None if field == NON_FIELD_ERRORS else field) from error


def _check_lengths(row: models.Model) -> None:
    # Django itself holds a TextField to its max_length in forms alone.
    for field in row._meta.concrete_fields:
        text = getattr(row, field.attname)
        if isinstance(field, models.TextField) and field.max_length and len(text or "") > field.max_length:
            message = _("This is longer than %(n)s characters.") % {"n": field.max_length}
            raise ValidationError({field.name: [message]})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value
