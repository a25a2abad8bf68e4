"""The whole document: OpenAPI 3.1 of /v1, out of the table of operations."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings

from api.v1 import urls

_KEY = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "`OAuth <key>`, or `Bearer <key>`.",
}
_SETTINGS = {
    "TITLE": "Status pages",
    "DESCRIPTION": "Everything that the dashboard does, for machines. Clients of Statuspage work unchanged.",
    "VERSION": settings.RELEASE,
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/v1"}],
    "SCHEMA_PATH_PREFIX": "/",
    "COMPONENT_SPLIT_PATCH": False,
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "APPEND_COMPONENTS": {"securitySchemes": {"key": _KEY}},
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": [],
}


@cache
def document() -> dict[str, Any]:
    # drf-spectacular has hardly any types.
    options: Any = spectacular_settings
    generator: Any = SchemaGenerator
    options.apply_patches(_SETTINGS)
    found: dict[str, Any] = generator(patterns=urls.urlpatterns).get_schema(public=True)
    found["components"]["responses"] = _share_errors(found["paths"])
    return found


def _share_errors(paths: dict[str, Any]) -> dict[str, Any]:
    """Every operation fails in the same ways: the ways are said once, and named after their status."""
    shared: dict[str, Any] = {}
    for operation in (one for methods in paths.values() for one in methods.values()):
        for status, answer in operation["responses"].items():
            if int(status) >= 300 and shared.setdefault(f"Answer{status}", answer) == answer:
                operation["responses"][status] = {"$ref": f"#/components/responses/Answer{status}"}
    return shared
