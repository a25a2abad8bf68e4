"""JSON that knows whether it is whole: an object whose first member is the SHA-256 of all that follows it.

`{"sha256":"<64 hex>",` + the rest. The file stays plain JSON for every other reader.
"""

import hashlib
import json
from typing import Any

from store.errors import StoreError

_OPEN = b'{"sha256":"'
_START = len(_OPEN) + 64 + 2


def seal(members: dict[str, Any]) -> bytes:
    rest = json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()[1:]
    return _OPEN + hashlib.sha256(rest).hexdigest().encode() + b'",' + rest


def check(raw: bytes) -> bytes:
    """What follows the seal. Raises StoreError for anything cut, changed or never sealed."""
    rest = raw[_START:]
    if raw[:_START] != _OPEN + hashlib.sha256(rest).hexdigest().encode() + b'",':
        message = "The seal is broken: the bytes are not those that were written."
        raise StoreError(message)
    return rest


def unseal(raw: bytes) -> dict[str, Any]:
    """The members, without the seal. Raises StoreError as `check` does, and for what is not an object."""
    try:
        members = json.loads(b"{" + check(raw))
    except ValueError as error:
        message = f"Not JSON: {error}"
        raise StoreError(message) from error
    if not isinstance(members, dict):
        message = "Not a JSON object."
        raise StoreError(message)
    return members
