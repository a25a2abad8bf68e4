"""Doing what a verb does, and saying what it refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.counters import NotCounting, TooOften
from common.errors import Refused
from dashboard.forms.base import beside


def does(form: forms.BaseForm, verb: Callable[[], Any]) -> bool:
    """Whether the verb did it; what it refuses stands beside the form's field."""
    try:
        verb()
    except Refused as refusal:
        form.add_error(*beside(form, refusal))
        return False
    return True


def told(request: HttpRequest, verb: Callable[[], Any], done: str = "") -> None:
    """Do it, and tell the person so, or what was refused."""
    try:
        verb()
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        if done:
            messages.success(request, done)


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
