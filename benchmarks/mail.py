"""Mail to many: made, handed in to postfix's `smtp-sink` and written down, beside Django's own way."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection
from django.utils import timezone

from benchmarks.figures import Table, measured
from benchmarks.made import migrate
from notifications import claims
from notifications.channels import email
from notifications.choices import DeliveryStatus
from notifications.letters import Letter
from notifications.mail import Rendered, own_headers, put_in
from notifications.models import Attempt, Delivery, Notification
from notifications.own_links import own_links
from notifications.sending import send_due
from tests.services import any_port

AIM, A_MILLION_WITHIN = 5.0, 120.0
_LANE = "email"
_FACTS: dict[str, Any] = {
    "page": {"id": "page", "name": "Acme", "url": "https://status.example.org", "time_zone": "UTC"},
    "incident": {
        "id": "incident",
        "kind": "incident",
        "name": "API answers slowly",
        "status": "investigating",
        "impact": "major",
        "url": "https://status.example.org/incidents/incident",
        "components": [{"id": str(n), "name": f"API {n}", "status": "major_outage"} for n in range(3)],
    },
    "update": {
        "body": "We are looking into **slow** answers of the API. " * 6,
        "display_at": "2026-11-20T12:00:00+00:00",
    },
}
_CROWD = """
    INSERT INTO public.notifications_delivery
           (notification_id, tenant_id, page_id, subscriber_id, channel, lane, target, target_hash, language,
            time_zone, link_version, settings, status, priority, attempts, attempts_before, next_attempt_at,
            provider, provider_message_id, last_error, created_at)
    SELECT %s, 'tenant', 'page', 's' || n, 'email', 'email', 'somebody' || n || '@example.org',
           md5(n::text), 'en', 'UTC', 1, '{}', 'pending', 0, 0, 0, %s, '', '', '', %s
      FROM generate_series(1, %s) AS n
"""


def measure(*options: str) -> None:
    size, few = (4_000, 1_000) if "--quick" in options else (40_000, 4_000)
    migrate()
    with _sink() as port:
        _use(port)
        _crowd(few)
        _token, letters = claims.claim(_LANE, few, timezone.now())
        reference = measured(lambda: _as_django_does(letters)).wall / few
        alone = measured(lambda: list(email.send(letters, time.monotonic() + 600))).wall / few
        one = _sent(size, lambda: send_due(_LANE, 600))
        two = _sent(size, lambda: _two_processes(port))
    table = Table(f"Mail to {size:,}, by the seconds for each 10,000")
    table.time("reference: EmailMultiAlternatives, one connection", reference * 10_000)
    for what, each in (
        ("made and handed in", alone),
        ("claimed, made, handed in, written down", one),
        ("the same by two processes", two),
    ):
        table.time(what, each * 10_000, reference=reference * 10_000)
    best = min(one, two)
    table.count("times as many as the reference", f"{reference / best:.1f}", f"> {AIM:.0f}")
    table.count("a million", f"{best * 1e6:,.0f} s", f"< {A_MILLION_WITHIN:.0f} s")


def send_everything(port: str) -> None:
    """What one of several processes does."""
    _use(int(port))
    send_due(_LANE, 600)


def _use(port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


def _sent(size: int, work: Any) -> float:
    """Seconds for each of `size` deliveries that `work` sends; all of them have to be accepted."""
    _crowd(size)
    took = measured(work).wall
    assert Delivery.objects.all().tally() == {DeliveryStatus.ACCEPTED: size}
    assert Attempt.objects.count() == size
    return took / size


def _two_processes(port: int) -> None:
    command = [sys.executable, "-m", "benchmarks.inside", "mail", "send_everything", str(port)]
    running = [subprocess.Popen(command, env=os.environ) for _ in range(2)]
    assert not any(one.wait() for one in running)


def _as_django_does(letters: Sequence[Letter]) -> None:
    rendered = Rendered(letters)
    with get_connection() as post:
        for letter in letters:
            mail = rendered.mail(letter)
            links = own_links(letter)
            headers = mail.headers | own_headers(mail, letter.id, links)
            message = EmailMultiAlternatives(
                mail.subject, put_in(mail.text, links), mail.address, [letter.target], headers=headers
            )
            message.attach_alternative(put_in(mail.html, links), "text/html")
            post.send_messages([message])


def _crowd(size: int) -> None:
    """Exactly so many deliveries, all due."""
    now = timezone.now()
    Notification.objects.all().delete()
    notification = Notification.objects.create(
        tenant_id="tenant",
        page_id="page",
        kind="incident.created",
        incident_id="incident",
        facts=_FACTS,
        event_at=now,
        created_at=now,
    )
    with connection.cursor() as cursor:
        cursor.execute(_CROWD, [notification.pk, now, now, size])
        cursor.execute("VACUUM ANALYZE public.notifications_delivery")


@contextmanager
def _sink() -> Iterator[int]:
    """postfix's own, which takes everything and keeps nothing."""
    program = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program, "smtp-sink is missing: it comes with Debian's postfix"
    port = any_port()
    with subprocess.Popen([program, "-u", "nobody", f"127.0.0.1:{port}", "1000"]) as running:
        _until_open(port)
        try:
            yield port
        finally:
            running.terminate()


def _until_open(port: int) -> None:
    for _ in range(100):
        with closing(socket.socket()) as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    message = "smtp-sink does not answer"
    raise RuntimeError(message)
