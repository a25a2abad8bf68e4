"""Doing what a verb does, and saying what it refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest

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
