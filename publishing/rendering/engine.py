"""Templates compiled once, rendered in a page's language and zone without touching the database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.template import Context, Engine
from django.template.base import Origin, Template
from django.template.loaders import filesystem
from django.utils import timezone, translation
from django.utils.safestring import SafeString

from publishing.snapshot import PageView

Tongue = tuple[str, str]

# Asked for hundreds of times a page, and Django takes microseconds each time to say what is active.
_tongue: ContextVar[Tongue] = ContextVar("tongue")

DIRECTORY = Path(__file__).resolve().parent.parent.parent / "templates"


class DedentingLoader(filesystem.Loader):
    """Drops the indentation of templates, never that of what they show (code keeps its spaces)."""

    def get_contents(self, origin: Origin) -> str:
        return re.sub(r"(?m)^\s+", "", super().get_contents(origin))


@cache
def _engine() -> Engine:
    return Engine(
        dirs=[str(DIRECTORY)],
        loaders=[("django.template.loaders.cached.Loader", [f"{__name__}.{DedentingLoader.__name__}"])],
        builtins=["django.templatetags.i18n", "publishing.rendering.tags"],
    )


@cache
def _template(name: str) -> Template:
    return _engine().get_template(name)


@contextmanager
def locale(page: PageView) -> Iterator[None]:
    """Speak the page's language and zone; one that is unknown falls back to English or UTC."""
    with translation.override(page.language or "en"), timezone.override(zone(page.time_zone)):
        token = _tongue.set((translation.get_language() or "", timezone.get_current_timezone_name()))
        try:
            yield
        finally:
            _tongue.reset(token)


def tongue() -> Tongue:
    """The language and the zone of the `locale` that is open: what anything written in them is kept by."""
    return _tongue.get()


@cache
def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("Etc/UTC")


def render(name: str, values: dict[str, Any]) -> bytes:
    """A template of `templates/page/` with exactly these values."""
    return part(name, values).encode()


def part(name: str, values: dict[str, Any]) -> SafeString:
    """The same, to stand in another."""
    return _template(f"page/{name}").render(Context(values))
