"""What the service consists of beside its databases: jobs that run once, children that stay."""

import http.client
import smtplib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from statuspage.supervisor.children import Program

QUEUES = "publish,notify,archive,purge,copy,poll,critical,chat,email,sms"


@dataclass(frozen=True)
class Programs:
    """`jobs` run one after the other, each to its end; then the children, stage after stage.

    Those of a stage start at once, when those of the former are ready.
    """

    jobs: Sequence[Program]
    stages: Sequence[Sequence[Program]]


@dataclass(frozen=True)
class Setup:
    """What there is to make programs from. `mail_port` is None where mail goes to a real server.

    `instance` is a word of this run alone, by which its processes are told from those of others.
    """

    root: Path
    environment: Mapping[str, str]
    web_port: int
    mail_port: int | None
    mail: Path
    instance: str


def service(setup: Setup) -> Programs:
    """The status page service."""
    prepare = _manage(setup, "prepare", "prepare")
    worker, ticker = _worker(setup), _manage(setup, "ticker", "tick")
    # The web server first: a person waits for it, and starting costs each of them a second of a processor.
    return Programs([prepare], [[*mail_sink(setup), _web(setup)], [worker, ticker]])


def mail_sink(setup: Setup) -> list[Program]:
    """What takes the mail, unless it goes to a real server."""
    if setup.mail_port is None:
        return []
    port = setup.mail_port
    options = ["--port", str(port), "--dir", str(setup.mail), "--instance", setup.instance]
    command = [sys.executable, "-m", "statuspage.mailsink", *options]
    is_ready = answers_smtp(port, setup.instance)
    return [Program("mail", command, setup.environment, is_ready=is_ready, port=port)]


def answers_smtp(port: int, instance: str) -> Callable[[int], bool]:
    """A test whether the mail server on `port` is the one of this run."""

    def answers(_pid: int) -> bool:
        try:
            with smtplib.SMTP(timeout=2) as client:
                return instance.encode() in client.connect("127.0.0.1", port)[1].split()
        except (OSError, smtplib.SMTPException):
            return False

    return answers


def answers_http(port: int, instance: str) -> Callable[[int], bool]:
    """A test whether the web server on `port` says that it lives, and is the one of this run."""

    def answers(_pid: int) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/livez", headers={"Host": "localhost"})
            answer = connection.getresponse()
            return answer.status == 200 and answer.headers["X-Instance"] == instance
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return answers


def _manage(setup: Setup, name: str, command: str) -> Program:
    return Program(name, [sys.executable, str(setup.root / "manage.py"), command], setup.environment)


def _web(setup: Setup) -> Program:
    port = ["--host", "127.0.0.1", "--port", str(setup.web_port)]
    # Browsers reach it directly, so no header may claim another origin. Streams end when we stop.
    options = ["--no-proxy-headers", "--no-server-header", "--timeout-graceful-shutdown", "1"]
    options += ["--http", "edge.protocol:Protocol", "--no-access-log", "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", "statuspage.asgi:application", *port, *options]
    is_ready = answers_http(setup.web_port, setup.instance)
    return Program("web", command, setup.environment, is_ready=is_ready, port=setup.web_port)


def _worker(setup: Setup) -> Program:
    # Waking it needs no talk among workers, which would cost a second at each start.
    options = ["-P", "threads", "-c", "10", "-Q", QUEUES, "--without-gossip", "--without-mingle"]
    # What Celery warns root of is pickle in messages; ours are JSON.
    python = [sys.executable, "-W", "ignore:You're running the worker with superuser"]
    command = [*python, "-m", "celery", "--quiet", "-A", "statuspage.celery", "worker", *options]
    return Program("worker", command, setup.environment)
