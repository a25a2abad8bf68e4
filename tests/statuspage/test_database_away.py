"""Without the database the team is told so, and nothing looks as if it had been saved."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.live import ROOT

CODE = """
import json
import django
django.setup()
from django.test import Client
answers = []
client = Client(headers={"host": "localhost"})
client.cookies["session"] = "x" * 32
for address in ("/o/acme/admin/", "/admin/", "/o/"):
    answer = client.get(address)
    answers.append([answer.status_code, answer.text])
print(json.dumps(answers))
"""


@pytest.mark.process
@pytest.mark.parametrize("pool", ["0", "4"])
def test_the_team_is_told(pool: str) -> None:
    settings = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "DATABASE_POOL": pool}
    environment = os.environ | settings | {"DJANGO_SETTINGS_MODULE": "statuspage.settings"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    answers = json.loads(done.stdout)

    assert [status for status, _ in answers] == [503, 503, 503], done.stderr
    assert all("Nothing was saved" in text for _, text in answers)
