from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from metrics.actions import create_metric, create_provider
from metrics.models import Metric, MetricsProvider
from pages.models import StatusPage
from tests.conftest import ACTOR


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> None:
    """A store on disk of the test's own, without Redis: what others published is not there."""
    settings.STORE_DIR = tmp_path / "store"
    settings.STORE_REDIS_URL = ""


@pytest.fixture
def own(page: StatusPage) -> MetricsProvider:
    """The page's source for pushed points."""
    return create_provider(page, ACTOR, kind="Self")


@pytest.fixture
def metric(page: StatusPage, own: MetricsProvider) -> Metric:
    return create_metric(page, own, ACTOR, name="Response time", suffix="ms")
