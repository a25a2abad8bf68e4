"""Runs the whole service on this machine until it is told to stop: `python -m statuspage.supervisor`."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from statuspage.supervisor.environment import FIRST_RUN_EMAIL, Place
from statuspage.supervisor.errors import StartError
from statuspage.supervisor.interrupts import Interrupts, StopAskedError
from statuspage.supervisor.programs import Programs, Setup, service
from statuspage.supervisor.state import OnlyOne
from statuspage.supervisor.supervisor import Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent


def main(programs: Callable[[Setup], Programs] = service) -> int:
    parser = argparse.ArgumentParser(prog="python -m statuspage.supervisor", description=__doc__)
    parser.add_argument("--var", type=Path, default=ROOT / "var", help="the folder for all data")
    parser.add_argument(
        "--port", type=int, default=8000, help="the web port; the next free one where it is taken"
    )
    options = parser.parse_args()
    place = Place(ROOT, options.var.resolve())
    os.chdir(ROOT)
    try:
        run(place, programs, options.port)
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    except PermissionError as error:
        print(
            f"{error.filename} is not ours to use: {error.strerror}. Run this as its owner.", file=sys.stderr
        )
        return 1
    return 0


def run(place: Place, programs: Callable[[Setup], Programs], web_port: int) -> None:
    with OnlyOne(place.run / "supervisor.lock") as only, Interrupts() as interrupts:
        supervisor = Supervisor(place, interrupts)
        try:
            setup = supervisor.bring_up(programs, web_port)
            only.note(f"http://localhost:{setup.web_port}/")
            supervisor.output.say(welcome(place, setup))
            supervisor.keep_up()
        except StopAskedError:
            supervisor.output.say("Stopping …")
        finally:
            supervisor.bring_down()
        supervisor.output.say("Stopped.")


def welcome(place: Place, setup: Setup) -> str:
    """Where everything is, and how to sign in."""
    password = place.secret("admin-password").read_text()
    messages = f"http://localhost:{setup.web_port}/dev/messages" if setup.mail_port else "go out by EMAIL_URL"
    return f"""
  Status pages   http://demo.localhost:{setup.web_port}/
                 http://acme.localhost:{setup.web_port}/
  Admin          http://localhost:{setup.web_port}/admin/
  Sign in        {FIRST_RUN_EMAIL} with {password}, unless you have changed it
  Messages       {messages}
  Stop           Ctrl-C
"""


if __name__ == "__main__":
    sys.exit(main())
