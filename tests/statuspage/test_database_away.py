"""Without the database the team is told so, and nothing looks as if it had been saved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live import ROOT

CODE = """
import json
import sys
import django
django.setup()
from django.test import Client
answers = []
client = Client(headers={"host": "localhost"})
client.cookies["session"] = "x" * 32
for address in sys.argv[1:]:
    answer = client.get(address)
    answers.append([answer.status_code, answer.text])
print(json.dumps(answers))
"""


@pytest.mark.process
@pytest.mark.parametrize("pool", ["0", "4"])
def test_the_team_is_told(pool: str) -> None:
    *answers, style = answered(pool, "/o/acme/admin/", "/admin/", "/o/", "/static/admin_extra/away.css")

    assert [status for status, _ in answers] == [503, 503, 503]
    assert all("Nothing was saved" in text for _, text in answers)
    assert all('href="/static/admin_extra/away.css"' in text for _, text in answers)
    assert style[0] == 200
    assert "color-scheme" in style[1]


@pytest.mark.process
@pytest.mark.parametrize("pool", ["0", "4"])
def test_the_health_page_tells_what_needs_no_database_and_what_it_does_not_know(
    pool: str, tmp_path: Path
) -> None:
    children = tmp_path / "children.json"
    children.write_text(json.dumps({"children": [{"name": "web"}]}))

    [[status, text]] = answered(pool, "/health", CHILDREN_PATH=str(children))

    told = json.loads(text)
    assert status == 503
    assert told["problems"] == ["The database does not answer."]
    assert told["children"] == {"children": [{"name": "web"}]}
    assert told["disk_free_bytes"] > 0
    assert "due_rows" in told["unknown"]
    assert {told[name] for name in told["unknown"]} == {None}


def answered(pool: str, *addresses: str, **more: str) -> list[tuple[int, str]]:
    """Status and text of each address, where no database answers."""
    settings = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "DATABASE_POOL": pool} | more
    environment = os.environ | settings | {"DJANGO_SETTINGS_MODULE": "statuspage.settings"}
    done = subprocess.run(
        [sys.executable, "-c", CODE, *addresses],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]
