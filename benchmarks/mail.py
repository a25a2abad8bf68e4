"""Mail to many: made, handed in to postfix's `smtp-sink` and written down, beside Django's own way."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection
from django.utils import timezone

from benchmarks.deliveries import all_accepted, crowd
from benchmarks.figures import Table, Took, measured
from benchmarks.made import migrate
from notifications import claims
from notifications.channels import email
from notifications.letters import Letter
from notifications.mail import Rendered, own_headers, put_in
from notifications.own_links import own_links
from notifications.sending import send_due
from tests.services import any_port

AIM, A_MILLION_WITHIN = 5.0, 120.0
_LANE, _TO = "email", "somebody#@example.org"


def measure(*options: str) -> None:
    size, few = (4_000, 1_000) if "--quick" in options else (20_000, 2_000)
    migrate()
    with _sink() as port, _senders(port) as (begin, finished):
        _use(port)
        crowd(few, "email", _LANE, _TO)
        _token, letters = claims.claim(_LANE, few, timezone.now())
        reference = _each(measured(lambda: _as_django_does(letters)), few)
        alone = _each(measured(lambda: list(email.send(letters, time.monotonic() + 600))), few)
        one = _sent(size, lambda: send_due(_LANE, 600))
        begin()
        two = _sent(size, finished)
    table = Table(f"Mail to {size:,}, by the time for each 10,000; CPU of this process alone")
    table.time("reference: EmailMultiAlternatives, one connection", reference)
    table.time("made and handed in", alone, reference=reference.wall)
    table.time("claimed, made, handed in, written down", one, reference=reference.wall)
    table.time("the same by two processes", two.wall, reference=reference.wall)
    best = min(one.wall, two.wall)
    table.count("times as many as the reference", f"{reference.wall / best:.1f}", f"> {AIM:.0f}")
    table.count("the same of one process's CPU", f"{reference.cpu / one.cpu:.1f}")
    table.count("a million", f"{best * 100:,.0f} s", f"< {A_MILLION_WITHIN:.0f} s")


def send_everything(port: str) -> None:
    """What one of several processes does: once it is told to, until nothing is due."""
    _use(int(port))
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    send_due(_LANE, 600)


def _use(port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


def _each(took: Took, number: int) -> Took:
    """For 10,000."""
    return Took(took.wall * 10_000 / number, took.cpu * 10_000 / number)


def _sent(size: int, work: Callable[[], object]) -> Took:
    """For 10,000 of `size` deliveries that `work` sends; all of them have to be accepted."""
    crowd(size, "email", _LANE, _TO)
    took = measured(work)
    all_accepted(size)
    return _each(took, size)


@contextmanager
def _senders(port: int) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """Two more processes: one call waits until they are ready, the other has them send until they end."""
    command = [sys.executable, "-m", "benchmarks.inside", "mail", "send_everything", str(port)]
    with ExitStack() as running:
        both = [
            running.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(2)
        ]

        def begin() -> None:
            for one in both:
                assert one.stdout is not None
                one.stdout.readline()

        def finished() -> None:
            for one in both:
                assert one.stdin is not None
                one.stdin.write("\n")
                one.stdin.flush()
            for one in both:
                one.wait()
            assert not any(one.returncode for one in both)

        yield begin, finished


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
