"""Copying by hand, and copying that stops in the middle."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.utils import timezone

from copies.copying import Copying
from copies.held import Held
from copies.models import CopyTarget
from copies.names import MANIFEST
from copies.target import File, Target
from copies.targets import KINDS
from incidents.actions.incident import delete_incident, open_incident
from incidents.models import Incident
from incidents.steps import Words
from pages.models import StatusPage
from publishing.storage import store
from store import Manifest
from tests.conftest import ACTOR
from tests.copies.copied import publish_and_copy
from tests.copies.places import Place, assert_copied
from tests.publishing.published import drain_publishing


def an_incident(page: StatusPage, name: str = "Slow answers") -> Any:
    return open_incident(page, ACTOR, Words("investigating", "We look into it."), name=name)


def manifest_of(page: StatusPage) -> Manifest:
    found = store().manifest(page.pk)
    assert found is not None
    return found


def copying(target: CopyTarget, manifest: Manifest, seconds: float = 60.0) -> Copying:
    place = KINDS[target.kind].open_target(target)
    return Copying(place, manifest, store().body, time.monotonic() + seconds)


class Stopped(Exception):
    """As a killed process: what comes after it does not happen."""


@dataclass
class Fragile:
    """`target`, until so many files were written or removed. `real` is whether anything happens at all."""

    target: Target
    steps: int
    real: bool = True
    made: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)

    def write(self, file: File) -> None:
        self._step(lambda: self.target.write(file))

    def remove(self, name: str) -> None:
        self._step(lambda: self.target.remove(name))

    def _step(self, work: Callable[[], None]) -> None:
        if self.made == self.steps:
            raise Stopped
        self.made += 1
        if self.real:
            work()


@dataclass
class Begun:
    """`gone` is in the copy and was deleted since, `passing` was opened since."""

    target: CopyTarget
    gone: str
    passing: str


def begin(page: StatusPage, place: Place) -> Begun:
    target = place.add(page)
    gone = an_incident(page, "Gone soon")
    publish_and_copy()
    delete_incident(page, gone, ACTOR)
    passing = an_incident(page, "Seen by the stopped one alone")
    drain_publishing()
    return Begun(target, gone.pk, passing.pk)


def stop_and_go_on(place: Place, begun: Begun, after: int, *, goes_on: bool) -> None:
    target = begun.target
    whole = copying(target, manifest_of(target.page))
    counting = Fragile(whole.target, 10**6, real=False)
    replace(whole, target=counting).run(timezone.now())
    with pytest.raises(Stopped):
        replace(whole, target=Fragile(whole.target, after % counting.made)).run(timezone.now())

    if goes_on:
        # What the stopped one wrote is not wanted any more.
        delete_incident(target.page, Incident.objects.get(pk=begun.passing), ACTOR)
    publish_and_copy()

    assert_copied(place, target)
    files = place.files(target)
    assert any(begun.passing in name for name in files) is not goes_on
    assert not any(begun.gone in name for name in files)
    assert Held.from_bytes(files[MANIFEST]).unsure == frozenset()
