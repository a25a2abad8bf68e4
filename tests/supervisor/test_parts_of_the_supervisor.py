from __future__ import annotations

import itertools
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from outbox.registry import Lane
from statuspage.supervisor import environment, owner, programs, secrets, state
from statuspage.supervisor.children import Child, Program
from statuspage.supervisor.errors import StartError
from statuspage.supervisor.output import ROTATE_BYTES, Output
from statuspage.supervisor.owner import unprivileged_owner
from statuspage.supervisor.ports import Ports, free_port, is_free
from statuspage.supervisor.postgres import Cluster
from statuspage.supervisor.state import Processes, start_time
from tests.services import any_port, running
from tests.supervisor.runs import alive, until


def test_a_port_that_something_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_the_next_port_is_taken_where_one_is_in_use_or_promised() -> None:
    port = any_port()
    with socket.create_server(("127.0.0.1", port)):
        assert free_port(port, taken=[port + 1]) > port + 1


def test_a_name_keeps_its_port_from_run_to_run(tmp_path: Path) -> None:
    preferred = any_port()
    port = Ports(tmp_path / "ports.json").get("postgres", preferred)
    assert Ports(tmp_path / "ports.json").get("postgres", preferred + 50) == port
    assert Ports(tmp_path / "ports.json").get("valkey", preferred) != port


@pytest.mark.parametrize("damaged", ["", "[", "[]", '{"postgres": "many"}', '{"postgres": null}'])
def test_a_damaged_file_of_ports_is_as_good_as_none(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "ports.json").write_text(damaged)
    assert Ports(tmp_path / "ports.json").get("postgres", any_port()) > 0


def test_a_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "key"
    made = secrets.secret(path)
    path.chmod(0o644)
    assert secrets.secret(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secrets.secret(tmp_path / "secrets" / "other") != made


def test_the_worker_takes_from_the_queue_of_every_lane() -> None:
    assert set(programs.QUEUES.split(",")) == set(Lane)


GIVEN = [
    ({}, {"X": "ours", "SECRET_KEY_FILE": "/ours"}),
    ({"X": "theirs"}, {"X": "theirs", "SECRET_KEY_FILE": "/ours"}),
    ({"X": ""}, {"X": "ours", "SECRET_KEY_FILE": "/ours"}),
    ({"X_FILE": "/theirs"}, {"X_FILE": "/theirs", "SECRET_KEY_FILE": "/ours"}),
    ({"SECRET_KEY": "theirs"}, {"SECRET_KEY": "theirs", "X": "ours"}),
    ({"SECRET_KEY_FILE": "/theirs"}, {"SECRET_KEY_FILE": "/theirs", "X": "ours"}),
]


@pytest.mark.parametrize(("given", "expected"), GIVEN)
def test_what_a_person_sets_comes_before_what_suits_a_local_machine(
    given: dict[str, str], expected: dict[str, str]
) -> None:
    assert environment.combined(given, {"X": "ours", "SECRET_KEY_FILE": "/ours"}) == expected


@pytest.mark.process
def test_a_child_that_keeps_ending_waits_longer_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    processes = Processes(tmp_path / "processes.json")
    child = Child(Program("broken", [sys.executable, "-c", ""]), Output(tmp_path), processes)
    starts = [time.monotonic()]
    while child.restarts < 4:
        before = child.restarts
        child.revive()
        if child.restarts > before:
            starts.append(time.monotonic())
        time.sleep(0.005)
    child.stop()
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    planned = [float(one) for one in re.findall(r"again in ([\d.]+) s", capsys.readouterr().out)]
    assert planned == sorted(set(planned))
    assert planned[-1] > 1.5
    assert all(took >= pause for took, pause in zip(pauses, planned, strict=True))


@pytest.mark.process
def test_what_a_child_says_is_kept_in_files_of_bounded_size(tmp_path: Path) -> None:
    log = tmp_path / "talker.log"
    log.write_bytes(b"x" * (ROTATE_BYTES + 1))
    talker = Program("talker", [sys.executable, "-c", "print('hello \\N{SNOWMAN}')"], quiet=True)
    child = Child(talker, Output(tmp_path), Processes(tmp_path / "processes.json"))
    child.wait_until_done()
    assert child.reason() == ":\n  hello \N{SNOWMAN}"
    assert log.read_text() == "hello \N{SNOWMAN}\n"
    assert (tmp_path / "talker.log.1").stat().st_size == ROTATE_BYTES + 1


@pytest.mark.process
def test_a_child_takes_what_it_has_started_along(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, file=open(sys.argv[1], 'w'))"
    program = Program("parent", [sys.executable, "-c", f"{code}; import time; time.sleep(60)", str(file)])
    with running(program, tmp_path):
        until(lambda: file.exists() and file.read_text().strip())
        grandchild = int(file.read_text())
        assert alive([grandchild])
    until(lambda: not alive([grandchild]))


@pytest.mark.process
def test_only_the_very_process_that_was_noted_is_ended(tmp_path: Path) -> None:
    # Whoever runs tests in the background has them ignore the signal.
    command = ["env", "--default-signal=INT", "sleep", "60"]
    noted = subprocess.Popen(command, start_new_session=True)
    other = subprocess.Popen(["sleep", "60"], start_new_session=True)
    until(lambda: Path(f"/proc/{noted.pid}/comm").read_text() == "sleep\n")
    file = tmp_path / "processes.json"
    file.write_text(json.dumps({noted.pid: start_time(noted.pid), other.pid: "a time long past"}))
    assert Processes(file).end_left_behind() == 1
    assert noted.wait(60) == -signal.SIGINT
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.process
@pytest.mark.parametrize("ask", [state.start_time, state._start_time_by_ps])
def test_a_process_that_has_ended_has_no_start_even_while_its_parent_does_not_look(
    ask: Callable[[int], str | None],
) -> None:
    process = subprocess.Popen(["sleep", "60"])
    assert ask(process.pid)
    assert ask(process.pid) == ask(process.pid) != ask(1)
    process.kill()
    until(lambda: ask(process.pid) is None)
    process.wait()
    assert ask(process.pid) is None


@pytest.mark.parametrize("damaged", ["", "[]", "{", '{"pid": "x"}'])
def test_a_damaged_note_of_processes_ends_nothing(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "processes.json").write_text(damaged)
    assert Processes(tmp_path / "processes.json").end_left_behind() == 0


@pytest.mark.process
def test_a_lock_file_of_a_killed_postgresql_does_not_stop_the_next(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "data", tmp_path / "password", any_port(), durable=False)
    cluster.create()
    # As after a crash, with the number given to another process meanwhile: this one.
    (tmp_path / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path / 'data'}\n")
    with running(cluster.program(), tmp_path):
        cluster.forget_dead_server()
        assert (tmp_path / "data" / "postmaster.pid").exists()
        with psycopg.connect(cluster.url) as connection:
            assert connection.execute("select lower('ÄÉ')").fetchone() == ("äé",)


@pytest.mark.process
def test_data_of_another_postgresql_are_refused_in_plain_words(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "data", tmp_path / "password", any_port(), durable=False)
    cluster.create()
    (tmp_path / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(StartError, match="was made by PostgreSQL 9, the server here is 18"):
        cluster.create()


def test_a_folder_without_postgresql_is_refused_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(StartError, match="PG_BIN names a folder without a PostgreSQL server"):
        Cluster(tmp_path / "data", tmp_path / "password", 1).create()


@pytest.mark.process
def test_half_made_data_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data.unfinished" / "data").mkdir(parents=True)
    (tmp_path / "data.unfinished" / "data" / "PG_VERSION").write_text("18\n")
    cluster = Cluster(tmp_path / "data", tmp_path / "password", any_port(), durable=False)
    cluster.create()
    with running(cluster.program(), tmp_path), psycopg.connect(cluster.url) as connection:
        assert connection.execute("show server_encoding").fetchone() == ("UTF8",)
    assert not (tmp_path / "data.unfinished").exists()


@pytest.mark.process
def test_where_root_cannot_make_a_namespace_postgresql_runs_as_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(owner, "_namespaces_work", lambda: False)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder) / "data", Path(folder) / "password", any_port(), durable=False)
        cluster.create()
        keeper = cluster.data.stat().st_uid
        assert keeper != 0
        monkeypatch.undo()
        # Those data stay theirs, whatever may be possible later.
        assert unprivileged_owner(cluster.data).user == keeper
        with running(cluster.program(), Path(folder)) as child:
            assert owner_of_process(child.pid) == keeper


@pytest.mark.process
def test_root_without_namespaces_is_told_what_to_do_where_nobody_may_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, "_namespaces_work", lambda: False)
    tmp_path.chmod(0o500 if os.geteuid() else 0o700)
    cluster = Cluster(tmp_path / "closed" / "data", tmp_path / "password", any_port(), durable=False)
    with pytest.raises((StartError, PermissionError), match=r"ordinary user|Permission denied"):
        cluster.create()
    tmp_path.chmod(0o700)


def owner_of_process(pid: int | None) -> int:
    done = subprocess.run(["ps", "-o", "uid=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(done.stdout)
