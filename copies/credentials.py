"""The keys of a bucket, as a row keeps them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from common.encryption import Unreadable, decrypt, encrypt
from copies.target import TargetError

_PURPOSE = "copy credentials"


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return "Credentials(hidden)"


def sealed(credentials: Credentials) -> str:
    return encrypt(json.dumps(asdict(credentials)), _PURPOSE)


def opened(token: str) -> Credentials:
    """Raises TargetError where `SECRET_KEY` is another than it was then."""
    try:
        return Credentials(**json.loads(decrypt(token, _PURPOSE)))
    except Unreadable as error:
        message = "The keys were stored with another SECRET_KEY. Please enter them again."
        raise TargetError(message) from error
