from __future__ import annotations

import os
import signal
import smtplib
import socket
import socketserver
import stat
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from statuspage.supervisor import postgres
from tests.clocks import Stopwatch
from tests.supervisor.runs import As, Run, alive, until

pytestmark = pytest.mark.process
Start = Callable[..., Run]


def controlled_state(var: Path) -> str:
    command = [str(postgres.binaries() / "pg_controldata"), "-D", str(var / "postgres")]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return next(line.split(":")[1].strip() for line in lines if line.startswith("Database cluster state"))


def ps(pids: list[int], columns: str) -> str:
    command = ["ps", "-ww", "-o", columns, "-p", ",".join(map(str, pids))]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def web_answers(run: Run) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{run.port('web')}/livez", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def mail_answers(run: Run) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", run.port("mail"), timeout=2) as client:
            return client.noop()[0] == 250
    except OSError:
        return False


def database_answers(run: Run) -> bool:
    try:
        with psycopg.connect(run.settings()["DATABASE_URL"], connect_timeout=2) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def redis_answers(run: Run) -> bool:
    try:
        return bool(redis.Redis.from_url(run.settings()["REDIS_URL"]).ping())
    except redis.RedisError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_within_three_seconds_and_postgresql_cleanly(
    start: Start, var: Path, number: signal.Signals
) -> None:
    run = start().until_ready()
    pids = run.pids()
    still_connected = psycopg.connect(run.settings()["DATABASE_URL"])
    still_connected.execute("select 1")
    asked = Stopwatch()
    assert run.stop(number) == 0
    assert asked.seconds < 3
    assert len(pids) == 5
    assert alive(pids) == []
    assert controlled_state(var) == "shut down"
    assert not (var / "run" / "children.json").exists()


def test_it_can_be_stopped_while_it_still_starts(start: Start, var: Path) -> None:
    run = start()
    until(lambda: "Making" in run.text)
    assert run.stop() == 0
    assert not (var / "postgres" / "postmaster.pid").exists()
    start().until_ready()


def test_a_killed_child_comes_back_and_serves_again(start: Start) -> None:
    run = start().until_ready()
    serves = {
        "postgres": database_answers,
        "valkey": redis_answers,
        "mail": mail_answers,
        "web": web_answers,
        "stubborn": lambda run: True,
    }
    before = run.children()
    assert set(before) == set(serves)
    for child in before.values():
        os.kill(child["pid"], signal.SIGKILL)
    until(lambda: all(child["restarts"] for child in run.children().values()), lambda: run.text)
    for name, answers in serves.items():
        until(lambda answers=answers: answers(run), lambda: run.text)
        assert run.children()[name]["pid"] != before[name]["pid"]
        assert f"{name} ended (SIGKILL)" in run.text


def test_what_a_killed_supervisor_leaves_does_not_block_the_next_run(start: Start) -> None:
    first = start().until_ready()
    until(lambda: "here to stay" in first.text, lambda: first.text)
    pids = first.pids()
    stubborn = first.children()["stubborn"]["pid"]
    with psycopg.connect(first.settings()["DATABASE_URL"]) as connection:
        connection.execute("create table kept as select 42 as answer")
    first.kill()
    assert alive([stubborn]) == [stubborn]

    began = Stopwatch()
    second = start().until_ready()
    assert began.seconds < 5
    assert "Ended what an earlier run had left behind" in second.text
    assert alive(pids) == []
    with psycopg.connect(second.settings()["DATABASE_URL"]) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_a_second_run_beside_the_first_says_so_and_ends(start: Start) -> None:
    first = start().until_ready()
    second = start()
    assert second.ended() == 1
    assert second.text == (
        f"It is already running at http://localhost:{first.port('web')}/ (process {first.process.pid}). "
        f"Stop that one first: kill {first.process.pid}\n"
    )
    assert web_answers(first)


def test_the_next_run_has_the_same_passwords_and_ports(start: Start) -> None:
    first = start().until_ready()
    kept = first.settings()
    first.stop()
    began = Stopwatch()
    second = start().until_ready()
    assert began.seconds < 5
    changing = {"PUBLIC_PORT", "PWD", "TWILIO_API_URL", "SLACK_URL"}
    assert {k: v for k, v in second.settings().items() if k not in changing} == {
        k: v for k, v in kept.items() if k not in changing
    }


def test_a_taken_port_makes_it_choose_another(start: Start) -> None:
    first = start().until_ready()
    port = first.port("postgres")
    first.stop()
    with socket.create_server(("127.0.0.1", port)):
        second = start().until_ready()
        assert second.port("postgres") != port
        assert database_answers(second)


def test_a_port_that_somebody_takes_meanwhile_is_given_up_for_another(start: Start, tmp_path: Path) -> None:
    awaited = tmp_path / "go on"
    run = start(JOB_WAITS_FOR=str(awaited))
    until(lambda: "mail" in run.ports() and "postgres is ready" in run.text, lambda: run.text)
    taken = run.ports()
    # Others that seem just as alive.
    with others(taken["web"], b"HTTP/1.0 200 OK\r\n\r\nok\n"), others(taken["mail"], b"220 localhost\r\n"):
        awaited.touch()
        run.until_ready()
        assert "Somebody else took its port meanwhile" in run.text
        assert run.port("mail") != taken["mail"]
        assert run.port("web") != taken["web"]
        assert f"http://demo.localhost:{run.port('web')}/" in run.text
        assert web_answers(run)
        assert mail_answers(run)
        assert [child["restarts"] for child in run.children().values()] == [0] * 5


def test_settings_of_an_earlier_run_in_the_shell_are_not_taken_for_given_ones(start: Start) -> None:
    first = start().until_ready()
    left = first.settings()
    first.stop()
    second = start(**{name: value for name, value in left.items() if name != "PWD"}).until_ready()
    assert set(second.children()) == {"postgres", "valkey", "mail", "web", "stubborn"}
    assert database_answers(second)


def test_secrets_are_for_their_owner_alone_and_on_no_command_line(start: Start, var: Path) -> None:
    run = start().until_ready()
    secrets = sorted((var / "secrets").iterdir())
    assert [path.name for path in secrets] == [
        "admin-password",
        "postgres-password",
        "secret-key",
        "valkey-password",
    ]
    private = [*secrets, var / "run" / "environment", var / "valkey" / "valkey.conf"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    folders = [var / "secrets", var / "postgres", var / "valkey", var / "mail"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    commands = ps([*run.pids(), run.process.pid], "args=")
    assert "valkey-server" in commands
    assert not [path for path in secrets if path.read_text() in commands]


def test_a_job_that_fails_ends_the_run_with_its_reason(start: Start) -> None:
    run = start(JOB_FAILS="The migration is broken.")
    assert run.ended() == 1
    assert run.text.endswith("job      | The migration is broken.\njob failed; its lines above say why.\n")
    assert "Traceback" not in run.text
    assert controlled_state(run.var) == "shut down"


def test_services_that_are_given_are_not_started(start: Start) -> None:
    given = {
        "DATABASE_URL": "postgresql://somewhere/else",
        "REDIS_URL": "redis://somewhere",
        "EMAIL_URL": "smtp://somewhere",
    }
    run = start(**given).until_ready()
    assert set(run.children()) == {"web", "stubborn"}
    assert not set(given) & set(run.settings())
    assert not (run.var / "postgres").exists()


def test_an_ordinary_user_can_run_it(start: Start) -> None:
    with tempfile.TemporaryDirectory(prefix="a user's folder ") as folder:
        who = ordinary_user()
        if who.user is not None:
            os.chown(folder, who.user, who.user)
        site = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
        run = start(Path(folder) / "var", who, PYTHONPATH=site).until_ready()
        assert database_answers(run)
        owners = set(ps(run.pids(), "uid=").split())
        assert owners == {str(os.geteuid() if who.user is None else who.user)}
        assert run.stop() == 0


def test_a_folder_of_somebody_else_is_refused_in_plain_words(start: Start, tmp_path: Path) -> None:
    who = ordinary_user()
    folder = Path("/") if who.user is None else tmp_path
    run = start(folder / "var", who)
    assert run.ended() == 1
    assert "is not ours to use" in run.text
    assert "Traceback" not in run.text


@contextmanager
def others(port: int, said: bytes) -> Iterator[None]:
    """A server on the port that says the same to everybody."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(said)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield
        server.shutdown()


def ordinary_user() -> As:
    """Ourselves, unless we are root: then `nobody`, with an interpreter that they may run."""
    if os.geteuid() != 0:
        return As()
    nobody = 65534
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            subprocess.run([python, "-c", ""], user=nobody, group=nobody, extra_groups=[], check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return As(python, nobody)
    pytest.fail("No interpreter that an ordinary user may run.")
