"""The supervisor with small programs in place of the service's own: `python -m tests.supervisor.stand_in`.

What it supervises of them is real: a job, a web server that answers /livez, a child that ignores being
asked to stop, the mail sink, PostgreSQL and Valkey.
"""

from __future__ import annotations

import sys

from statuspage.supervisor.__main__ import main
from statuspage.supervisor.children import Program
from statuspage.supervisor.programs import Programs, Setup, answers_http, mail_sink

WEB = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Instance", os.environ["INSTANCE"]); self.end_headers(); self.wfile.write(b"alive")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
JOB = """
import os, sys, time
while (awaited := os.environ.get("JOB_WAITS_FOR")) and not os.path.exists(awaited):
    time.sleep(0.02)
sys.exit(os.environ.get("JOB_FAILS"))
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("here to stay", flush=True)
while True: time.sleep(60)
"""


def programs(setup: Setup) -> Programs:
    def python(name: str, code: str, *arguments: str, **more: object) -> Program:
        return Program(name, [sys.executable, "-c", code, *arguments], setup.environment, **more)  # type: ignore[arg-type]

    port = str(setup.web_port)
    is_ready = answers_http(setup.web_port, setup.instance)
    web = python("web", WEB, port, is_ready=is_ready, port=setup.web_port)
    stubborn = python("stubborn", STUBBORN, stop_seconds=0.3)
    return Programs([python("job", JOB)], [[*mail_sink(setup), web], [stubborn]])


if __name__ == "__main__":
    sys.exit(main(programs))
