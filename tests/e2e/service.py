"""The whole service as `make run` starts it, seen from outside."""

from __future__ import annotations

import email
import email.policy
import http.client
import json
import os
import signal

from tests.clocks import until
from tests.supervisor.runs import Run


class Service:
    def __init__(self, run: Run, port: int) -> None:
        self.run, self.port = run, port

    @property
    def app(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def password(self) -> str:
        return (self.run.var / "secrets" / "admin-password").read_text().strip()

    def get(self, host: str, path: str = "/") -> tuple[int, str]:
        """Status and text; 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def mails(self, subject: str, to: str = "") -> list[str]:
        """The texts of the mails to `to` whose subject has these words."""
        files = (self.run.var / "mail").glob("*.eml")
        parse = email.message_from_bytes
        found = [parse(file.read_bytes(), policy=email.policy.default) for file in files]
        return [
            str(one.get_body(("plain",)).get_content())
            for one in found
            if subject in str(one["Subject"]) and to in str(one["To"])
        ]

    def pids(self) -> dict[str, int]:
        told = json.loads((self.run.var / "run" / "children.json").read_text())
        return {child["name"]: child["pid"] for child in told["children"]}

    def kill(self, name: str) -> None:
        """kill -9, and wait until another has taken its place and all is well again."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.pids().get(name, pid) != pid)
        until(lambda: self.get("localhost", "/health")[0] == 200)
