"""What our own document promises of an answer."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from api.operations import Operation
from api.schema.document import document


def said(operation: Operation) -> dict[str, Any]:
    """What the document promises of an operation's answers, by status, with references filled in."""
    promised = document()["paths"][f"/{operation.path}"][operation.method.lower()]["responses"]
    shared = document()["components"]["responses"]
    return {
        status: shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        for status, one in promised.items()
    }


def lies(operation: Operation, status: int, answer: Any) -> list[str]:
    """What the document says wrongly of an answer."""
    if str(status) not in said(operation):
        return [f"{operation.name}: {status} is not promised: {answer}"]
    content = said(operation)[str(status)].get("content")
    if content is None:
        return [] if answer is None else [f"{operation.name}: nothing was promised"]
    schema = content["application/json"]["schema"] | {"components": document()["components"]}
    errors = Draft202012Validator(schema).iter_errors(answer)
    return [f"{operation.name}: {list(one.absolute_path)} {one.message[:200]}" for one in errors]
