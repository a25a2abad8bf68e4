"""Structured logs: one line an event, with tenant, page and request id, without secrets or addresses, also
those that stand in paths."""

from __future__ import annotations

import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

# Values under these names never reach a log, whoever logs them.
_SECRET = ("password", "secret", "token", "authorization", "cookie", "address", "email", "phone", "target")


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name in event:
        if any(word in name.lower() for word in _SECRET):
            event[name] = "[hidden]"
    return event


def without_details(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """PostgreSQL's DETAIL and CONTEXT lines quote rows, and so people's addresses."""
    if text := event.get("exception"):
        event["exception"] = "\n".join(line for line in text.split("\n") if not line.startswith(_QUOTING))
    return event


def without_tokens(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Signed links open somebody's subscription, or a page that is not launched, to whoever reads them."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _SIGNED.sub(r"\g<1>[hidden]", value)
    return event


_QUOTING = ("DETAIL:", "CONTEXT:")
# Paths of public/urls.py and of the preview. No word that is part of an address there is so long.
_SIGNED = re.compile(r"(/(?:subscriptions(?:/confirm)?|preview)/+)[^/\s?#\"']{20,}")
# What libraries add to their lines beside the text: requests, responses and messages are left out.
_EXTRAS = ("status_code",)
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(allow=_EXTRAS),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    mask,
]


def configuration(style: str) -> dict[str, Any]:
    """Logging's dictConfig; `style` is `console` for people, `json` for machines."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": _formatter(style)},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django.server": {"level": "WARNING"},
            # Every visitor's address and path, past the processors above: that is the proxy's log to keep.
            "uvicorn.access": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "psycopg.pool": {"level": "ERROR"},
        },
    }


def _formatter(style: str) -> dict[str, Any]:
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False)
        if style == "console"
        else structlog.processors.JSONRenderer()
    )
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            without_details,
            without_tokens,
            renderer,
        ],
    }


def configure(config: dict[str, Any]) -> None:
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
