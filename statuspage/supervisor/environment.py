"""What the processes of the service get told: settings for one machine, a person's own ones first."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from statuspage.supervisor import secrets
from statuspage.supervisor.files import write_whole

FIRST_RUN_EMAIL = "admin@example.com"


@dataclass(frozen=True)
class Place:
    """The folders of one installation: `root` holds the code, `var` everything that running makes."""

    root: Path
    var: Path

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def mail(self) -> Path:
        return self.var / "mail"

    @property
    def children(self) -> Path:
        return self.run / "children.json"

    def secret(self, name: str) -> Path:
        return self.var / "secrets" / name


def is_given(name: str, environment: Mapping[str, str]) -> bool:
    """Whether the setting is there, itself or as the name of a file."""
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))


def local_settings(place: Place, web_port: int) -> dict[str, str]:
    """Settings that suit one person's machine; makes the secrets that they name."""
    secrets.secret(place.secret("secret-key"))
    secrets.secret(place.secret("admin-password"), secrets.password)
    return {
        "DEBUG": "true",
        "SECRET_KEY_FILE": str(place.secret("secret-key")),
        "STORE_DIR": str(place.var / "store"),
        "COPIES_ROOT": str(place.var / "copies"),
        "PUBLIC_PORT": str(web_port),
        "DEFAULT_PAGE_HOST": "demo.localhost",
        "DEFAULT_FROM_EMAIL": "status@example.com",
        # Sinks on this machine may be told.
        "EGRESS_ALLOW_NETS": "127.0.0.0/8",
        "FIRST_RUN_EMAIL": FIRST_RUN_EMAIL,
        "FIRST_RUN_PASSWORD_FILE": str(place.secret("admin-password")),
        "CHILDREN_PATH": str(place.children),
        # What a child says shall be seen when it says it.
        "PYTHONUNBUFFERED": "1",
    }


def sms_settings(web_port: int) -> dict[str, str]:
    """The web server plays Twilio for itself: what it is told is kept, and nothing leaves the machine."""
    return {
        "SMS_PROVIDERS": "twilio",
        "SMS_COUNTRIES": "AT,CH,DE,EG,FR,GB,US",
        "TWILIO_ACCOUNT_SID": "local",
        "TWILIO_AUTH_TOKEN": "local",
        "TWILIO_FROM": "+15005550006",
        "TWILIO_API_URL": f"http://127.0.0.1:{web_port}/dev/twilio",
        "SLACK_CLIENT_ID": "local",
        "SLACK_CLIENT_SECRET": "local",
        "SLACK_URL": f"http://127.0.0.1:{web_port}/dev/slack",
    }


def combined(given: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """`given` with those of `ours` that it leaves open, be it as X or as X_FILE."""
    missing = {name: value for name, value in ours.items() if not is_given(name.removesuffix("_FILE"), given)}
    return dict(given) | missing


def without_ours(given: Mapping[str, str], file: Path) -> dict[str, str]:
    """`given` without what an earlier run has written for shells into `file`: nobody else has set it."""
    ours = _saved(file)
    return {name: value for name, value in given.items() if ours.get(name) != value}


def save(settings: Mapping[str, str], file: Path) -> None:
    """Write the settings for a shell: `. var/run/environment`, then manage.py works beside the service."""
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in sorted(settings.items()))
    write_whole(file, "".join(lines))


def _saved(file: Path) -> dict[str, str]:
    """What `save` has written there; empty where it has written nothing, or somebody else has."""
    try:
        words = shlex.split(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(word.split("=", 1) for word in words if "=" in word)
