"""The whole service and the world around it, for every journey."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from tests.e2e.service import Service
from tests.importing.server import Page as Recorded
from tests.importing.server import serving
from tests.nameserver import Names, nameserver
from tests.services import any_port
from tests.supervisor.runs import Run


@dataclass
class Outside:
    """The world around the service: its name server, and a page of somebody else's at `url`."""

    names: Names
    url: str


@pytest.fixture(scope="package")
def outside() -> Iterator[Outside]:
    recorded = Recorded()
    few = replace(recorded, incidents=recorded.incidents[:3], maintenances=recorded.maintenances[:1])
    with nameserver() as names, serving(few) as url:
        yield Outside(names, url)


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory, outside: Outside) -> Iterator[Service]:
    """From nothing, as a person starts it. It takes a while: each test has people and words of its own."""
    var = tmp_path_factory.mktemp("service") / "var"
    # Ports that nobody else takes while a child that was killed is away.
    (var / "run").mkdir(parents=True)
    ports = {name: any_port() for name in ("postgres", "valkey", "mail")}
    (var / "run" / "ports.json").write_text(json.dumps(ports))
    settings = {"DNS_SERVERS": outside.names.address, "EGRESS_ALLOW_NETS": "127.0.0.0/8"}
    port = any_port()
    run = Run(var, settings, port, module="statuspage.supervisor")
    yield Service(run.until_ready(), port)
    assert run.stop() == 0
