"""How an operation of the table stands in the document."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from api.operations import READS, Operation, Takes

# Beside what an operation itself answers with.
_ALWAYS = {401: "No key, or not a good one.", 403: "The key's scope, or its owner's role, does not allow it."}
_OF_ID = {404: "There is no such thing, or none that the key sees."}
_ON_READING = {304: "It has not changed: the request's If-None-Match has its tag."}
_ON_WRITING = {
    409: "The same request is being answered at this moment (Idempotency-Key), or it contradicts what is.",
    412: "It has been changed since it had the tag in the request's If-Match.",
    413: "The body is too large.",
    422: "What is asked for cannot be; nothing was changed.",
}
_LATELY = {
    400: "The request cannot be read.",
    429: "Too many requests: see the header Retry-After.",
    503: "The database does not answer; nothing was changed.",
    504: "The database has not answered in time; what was asked for may have been done.",
}


class Error(serializers.Serializer):
    """What is answered where something cannot be done, for whatever reason."""

    error = serializers.CharField()
    message = serializers.CharField(help_text="The same once more.")


class Described(AutoSchema):
    @property
    def operation(self) -> Operation:
        view: Any = self.view
        found: Operation = view.operations[self.method]
        return found

    def get_operation_id(self) -> str:
        return self.operation.name

    def get_summary(self) -> str:
        return _lines(self.operation)[0]

    def get_description(self) -> str:  # type: ignore[override] # as AutoSchema has it
        one = self.operation
        scopes = " or ".join(f"`{scope.value}`" for scope in one.scopes)
        needs = f"Needs a key with the scope {scopes} whose owner has the role `{one.role.value}`."
        return "\n\n".join([*_lines(one)[1:], needs])

    def get_tags(self) -> list[str]:
        """The first word of the address behind the page or the organisation."""
        words = [word for word in self.operation.path.split("/") if not word.startswith("{")]
        return [words[1] if len(words) > 1 and words[0] in {"pages", "organizations"} else words[0]]

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [{"key": []}]

    def get_override_parameters(self) -> list[Any]:
        found = [
            OpenApiParameter(one.name, one.type, description=one.description)
            for one in self.operation.parameters
        ]
        if self.operation.method not in READS:
            text = "Any text of your own: the same request with the same text within a day is done once."
            found.append(_header("Idempotency-Key", text))
            found.append(
                _header("If-Match", "An ETag: nothing is changed unless what is there still has it.")
            )
        return found

    def get_request_serializer(self) -> Any:
        return _body(self.operation.takes) if self.operation.takes else None

    def get_response_serializers(self) -> Any:
        one = self.operation
        reads = one.method in READS
        named = _OF_ID if "{" in one.path else {}
        failed = _ALWAYS | named | _LATELY | ({} if reads else _ON_WRITING) | _named(one.errors)
        answers: dict[int, Any] = {one.status: self._given(one)}
        answers |= {status: OpenApiResponse(Error, text) for status, text in sorted(failed.items())}
        if reads:
            answers |= {status: OpenApiResponse(None, text) for status, text in _ON_READING.items()}
        return answers

    def _given(self, one: Operation) -> OpenApiResponse:
        if one.gives is None:
            return OpenApiResponse(None, "Done; there is nothing to say.")
        return OpenApiResponse(one.gives(many=True) if one.many else one.gives, "Done.")

    def map_parsers(self) -> list[str]:
        """Forms are understood, too; whoever writes something new writes JSON."""
        return ["application/json"]

    def map_renderers(self, attribute: str) -> list[str]:
        return ["application/json"] if attribute == "media_type" else []

    def _is_list_view(self, serializer: Any = None) -> bool:
        return self.operation.many


def _named(statuses: Iterable[int]) -> dict[int, str]:
    known = _OF_ID | _ON_WRITING | _LATELY
    return {status: known.get(status, "It cannot be done.") for status in statuses}


def _lines(operation: Operation) -> list[str]:
    """The handler's docstring in paragraphs."""
    text = (operation.handler.__doc__ or "").strip()
    return [" ".join(part.split()) for part in text.split("\n\n")]


def _header(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text)


def _body(takes: Takes) -> type[serializers.BaseSerializer]:
    shape: Any = takes.shape
    return _enveloped(shape, takes.envelope) if takes.envelope else takes.shape


@cache
def _enveloped(shape: Any, envelope: str) -> type[serializers.BaseSerializer]:
    name = shape.__name__.removesuffix("Input")
    return type(f"{name}Body", (serializers.Serializer,), {envelope: shape()})
