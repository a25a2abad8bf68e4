"""Doing what a verb does, and saying what it refused."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.counters import NotCounting, TooOften
from common.errors import Overtaken, Refused
from dashboard.forms.base import beside

T = TypeVar("T")


class Tried(Enum):
    """What became of a verb."""

    DONE = "done"
    REFUSED = "refused"
    OVERTAKEN = "overtaken"


def does(form: forms.BaseForm, verb: Callable[[], Any]) -> bool:
    """Whether the verb did it; what it refuses stands beside the form's field."""
    try:
        verb()
    except Refused as refusal:
        form.add_error(*beside(form, refusal))
        return False
    return True


def tried(form: forms.BaseForm, verb: Callable[[], Any]) -> Tried:
    """As `does`, for screens that show what somebody else made of it meanwhile, where that is the trouble."""
    try:
        verb()
    except Overtaken:
        return Tried.OVERTAKEN
    except Refused as refusal:
        form.add_error(*beside(form, refusal))
        return Tried.REFUSED
    return Tried.DONE


def outcome(verb: Callable[[], T]) -> tuple[T | None, str]:
    """What the verb gives, or why it refused: "" where it did not."""
    try:
        return verb(), ""
    except Refused as refusal:
        return None, refusal.message


def told(request: HttpRequest, verb: Callable[[], Any], done: str = "") -> bool:
    """Do it, and tell the person so, or what was refused; whether it was done."""
    try:
        verb()
    except Refused as refusal:
        messages.error(request, refusal.message)
        return False
    if done:
        messages.success(request, done)
    return True


def counted(verb: Callable[[], Any]) -> Callable[[], Any]:
    """The verb, which is refused where it is done too often, or where nobody counts."""

    def run() -> Any:
        try:
            return verb()
        except TooOften as error:
            raise Refused(_too_often(error)) from error
        except NotCounting as error:
            message = _("Redis is away, and nothing is sent uncounted. Try again when it is back.")
            raise Refused(message) from error

    return run


def _too_often(error: TooOften) -> str:
    minutes = max(1, round(error.seconds / 60))
    said = ngettext("Too often: try again in %d minute.", "Too often: try again in %d minutes.", minutes)
    return said % minutes
