"""Whether the service lives, is ready, and keeps up. At app hosts."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error, connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from common.fingerprints import of_migrations
from common.patience import patience
from outbox import heartbeat
from outbox.models import OutboxItem
from publishing.emergency.fold import waiting
from statuspage.apps import BEGAN
from store import connect
from tenants.models import Installation

# Seconds after which something that should have happened is a problem.
_OVERDUE = 60.0
_SILENT = 15.0
# For one answer of the database.
_ANSWERS_IN = 2.0
_LITTLE_DISK = 500 * 2**20
_NO_DATABASE = "The database does not answer."


@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing of anybody."""
    headers = {"X-Instance": settings.INSTANCE} if settings.INSTANCE else {}
    return HttpResponse("ok\n", content_type="text/plain", headers=headers)


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Requests can be served: the database answers and fits this release."""
    with patience(_ANSWERS_IN):
        problem = _unready()
    if problem:
        return HttpResponse(f"{problem}\n", content_type="text/plain", status=503)
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    """All that tells an operator whether work gets done, with the problems first. Ages are in seconds.

    `unknown` names the facts, null then, that nobody could be asked for.
    """
    now = timezone.now()
    try:
        with patience(_ANSWERS_IN):
            asked = {name: ask(now) for name, ask in _ASKED_OF_DATABASE.items()}
        problems, unknown = _problems_of_work(asked), []
    except Error:
        asked = dict.fromkeys(_ASKED_OF_DATABASE)
        problems, unknown = [_NO_DATABASE], list(_ASKED_OF_DATABASE)
    own = {
        "release": settings.RELEASE,
        "starting": _is_starting(),
        "redis_away": _redis_away(),
        "disk_free_bytes": shutil.disk_usage(_existing(settings.STORE_DIR)).free,
        "emergency_notices": len(waiting()),
        "children": _children(),
    }
    problems += _problems_here(own)
    told = {"problems": problems, "unknown": unknown, **own, **asked}
    return JsonResponse(told, status=503 if problems else 200)


def _unready() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        installed = Installation.objects.values_list("migrations", flat=True).first()
    except Error:
        return _NO_DATABASE
    return "" if installed == of_migrations() else "The database is not at this release."


def _due(now: datetime) -> QuerySet[OutboxItem]:
    return OutboxItem.objects.alive().filter(due_at__lte=now)


def _oldest_due(now: datetime) -> datetime | None:
    return _due(now).order_by("due_at").values_list("due_at", flat=True).first()


_ASKED_OF_DATABASE: dict[str, Callable[[datetime], Any]] = {
    "oldest_due_row_age": lambda now: _age(_oldest_due(now), now),
    "due_rows": lambda now: _due(now).count(),
    "dead_rows": lambda _now: OutboxItem.objects.dead().count(),
    "failing_rows": lambda _now: OutboxItem.objects.failing().count(),
    "last_publish_age": lambda now: _age(heartbeat.last(heartbeat.PUBLISHER), now),
    "ticker_age": lambda now: _age(heartbeat.last(heartbeat.TICKER), now),
    "worker_age": lambda now: _age(heartbeat.last(heartbeat.WORKER), now),
}


def _problems_of_work(facts: dict[str, Any]) -> list[str]:
    checks = {
        "Some work fails, and is tried again; see the outbox in the admin.": facts["failing_rows"] > 0,
        "Some work failed for good; see the outbox in the admin.": facts["dead_rows"] > 0,
    }
    # A process that has just begun may not have seen the others begin, nor them what waits.
    if not _is_starting():
        checks |= {
            "Work is overdue.": (facts["oldest_due_row_age"] or 0) > _OVERDUE,
            "No ticker was seen lately.": _missing(facts["ticker_age"]),
            "No worker was seen lately; the ticker does its work, slower.": _missing(facts["worker_age"]),
        }
    return [problem for problem, holds in checks.items() if holds]


def _problems_here(facts: dict[str, Any]) -> list[str]:
    checks = {
        f"Redis does not answer: {', '.join(facts['redis_away'])}.": bool(facts["redis_away"]),
        "The disk is nearly full.": facts["disk_free_bytes"] < _LITTLE_DISK,
        "An emergency notice is not in its page's history yet.": facts["emergency_notices"] > 0,
    }
    return [problem for problem, holds in checks.items() if holds]


def _is_starting() -> bool:
    return time.monotonic() - BEGAN < _SILENT


def _missing(age: float | None) -> bool:
    return age is None or age > _SILENT


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else round((now - at).total_seconds(), 3)


def _redis_away() -> list[str]:
    """What for there is no Redis at the moment; each server is asked once."""
    urls = {
        "broker": settings.BROKER_URL,
        "store": settings.STORE_REDIS_URL,
        "limits": settings.LIMITS_REDIS_URL,
    }
    servers = {name: urlsplit(url).netloc or url for name, url in urls.items() if url}
    answers = {server: _answers(urls[name]) for name, server in servers.items()}
    return [name for name, server in servers.items() if not answers[server]]


def _answers(url: str) -> bool:
    try:
        with closing(connect(url)) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _children() -> Any:
    """What the local supervisor says of its processes; None where there is no supervisor."""
    if not settings.CHILDREN_PATH:
        return None
    try:
        return json.loads(Path(settings.CHILDREN_PATH).read_text())
    except (OSError, ValueError):
        return None
