"""Writing rows: validated, and only the columns that changed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.fields import PublicIdField
from common.limits import LONGEST, UNPRINTABLE, YEARS

_Row = TypeVar("_Row", bound=models.Model)


def add(row: _Row) -> _Row:
    """Validate and insert. Raises Refused, naming the field, where a value is not acceptable."""
    _validate(row)
    row.save(force_insert=True)
    return row


def check_values(row: _Row) -> _Row:
    """The row, unsaved. Raises Refused where `add` does because of a value, without asking the database."""
    try:
        _clean_columns(row, (column for column in row._meta.concrete_fields if not column.is_relation))
    except ValidationError as error:
        raise _refused(error) from error
    return row


def change(
    row: models.Model, values: Mapping[str, Any], now: datetime, allowed: Collection[str]
) -> list[str]:
    """Set `values`, validate, and save the columns that differ, with `updated_at` if any; their names.

    Raises Refused for a field that is not in `allowed`, and for a value that is not acceptable.
    """
    values = given(values, allowed, type(row))
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        _validate(row)
        row.save(update_fields=[*changed, *_stamp(row, now)])
    return changed


def given(
    values: Mapping[str, Any], allowed: Collection[str], *models_: type[models.Model]
) -> dict[str, Any]:
    """`values` as the columns of these models take them: a verb may compare them.

    Raises Refused for a name that is not in `allowed`, and for a value that its column cannot hold. Rows that
    others refer to are left as they are.
    """
    check_known(values, allowed)
    return {name: _taken(_column(name, models_), value) for name, value in values.items()}


def check_known(names: Collection[str], allowed: Collection[str]) -> None:
    """Raises Refused for names of fields that a verb does not take."""
    unknown = sorted(set(names) - set(allowed))
    if unknown:
        message = _("There is no such field: %(names)s.") % {"names": ", ".join(unknown)}
        raise Refused(message, unknown[0])


def state(row: models.Model, **more: Any) -> dict[str, Any]:
    """Every column of a row as JSON-ready values, for an event's facts; `more` is added."""
    columns = {field.attname: _plain(getattr(row, field.attname)) for field in row._meta.concrete_fields}
    return columns | more


def _stamp(row: models.Model, now: datetime) -> list[str]:
    if not hasattr(row, "updated_at"):
        return []
    row.updated_at = now
    return ["updated_at"]


def _column(name: str, owners: Collection[type[models.Model]]) -> models.Field:
    found = (field for owner in owners for field in owner._meta.concrete_fields if field.name == name)
    return next(found)


def _taken(column: models.Field, value: Any) -> Any:
    if column.is_relation:
        return value
    try:
        return _clean(column, value, None)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), column.name) from error


def _validate(row: models.Model) -> None:
    """Model.full_clean, with what we ask of every value besides."""
    try:
        _clean_columns(row, row._meta.concrete_fields)
        row.clean()
        row.validate_unique(_drawn(row))
        _check_constraints(row)
    except ValidationError as error:
        raise _refused(error) from error


def _clean_columns(row: models.Model, columns: Iterable[models.Field]) -> None:
    for column in columns:
        setattr(row, column.attname, _clean(column, getattr(row, column.attname), row))


def _drawn(row: models.Model) -> set[str]:
    """An id that was drawn at random is nobody's: nobody is asked for it."""
    key = row._meta.pk
    return {key.name} if isinstance(key, PublicIdField) else set()


def _refused(error: ValidationError) -> Refused:
    field, messages = next(iter(error.message_dict.items()))
    return Refused(" ".join(messages), None if field == NON_FIELD_ERRORS else field)


def _check_constraints(row: models.Model) -> None:
    try:
        for constraint in _constraints(type(row)):
            constraint.validate(type(row), row)
    except ValidationError:
        # Which it was.
        row.validate_constraints()


@cache
def _constraints(model: type[models.Model]) -> list[models.BaseConstraint]:
    """Those of a model, its conditions as one: each takes a query."""
    found = list(model._meta.constraints)
    conditions = [one.condition for one in found if isinstance(one, models.CheckConstraint)]
    others = [one for one in found if not isinstance(one, models.CheckConstraint)]
    together = models.CheckConstraint(condition=models.Q(*conditions), name="together")
    return [*others, together] if conditions else others


def _clean(column: models.Field, value: Any, row: models.Model | None) -> Any:
    """The value as its column takes it. Raises ValidationError, naming the column."""
    if column.blank and value in column.empty_values:
        return value
    if row is not None and _is_at_hand(column, row):
        return value
    try:
        if any(UNPRINTABLE.search(text) for text in _texts(value)):
            raise ValidationError(_("This contains characters that cannot be shown."))
        if isinstance(column, ArrayField):
            return [_clean(column.base_field, one, row) for one in value]
        value = column.clean(value, row)
        _check(column, value)
    except ValidationError as error:
        raise ValidationError({column.name: error.messages}) from error
    except (TypeError, ValueError, OverflowError) as error:
        raise ValidationError({column.name: [_("This is not a value of the right kind.")]}) from error
    return value


def _is_at_hand(column: models.Field, row: models.Model) -> bool:
    """Whether what the row refers to has been read already, and so is there."""
    if not isinstance(column, models.ForeignKey) or not column.is_cached(row):
        return False
    found = column.get_cached_value(row)
    # Documented, by this name.
    return found is not None and not found._state.adding  # noqa: SLF001


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _check(column: models.Field, value: Any) -> None:
    problem = ""
    if isinstance(value, str):
        problem = _of_text(column, value)
    elif isinstance(value, datetime) and timezone.is_naive(value):
        problem = _("A time needs its zone.")
    elif isinstance(value, date) and value.year not in YEARS:
        problem = _("Years go from %(first)d to %(last)d.") % {"first": YEARS[0], "last": YEARS[-1]}
    elif isinstance(value, timedelta) and not timedelta(0) <= value <= LONGEST:
        problem = _("A duration is not negative, and %(days)d days at most.") % {"days": LONGEST.days}
    elif isinstance(value, float) and not math.isfinite(value):
        problem = _("This is not a number.")
    if problem:
        raise ValidationError(problem)


def _of_text(column: models.Field, text: str) -> str:
    if not text.strip() and not column.blank:
        return str(column.error_messages["blank"])
    # Django itself holds a TextField to its max_length in forms alone.
    if column.max_length and len(text) > column.max_length:
        return _("This is longer than %(n)s characters.") % {"n": column.max_length}
    return ""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value
