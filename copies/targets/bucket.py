"""A bucket of S3 or of anything that speaks like it, by the documents' own paths as keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.utils.translation import gettext as _

from common.egress import check_url
from common.errors import Refused
from copies.credentials import Credentials, opened
from copies.models import CopyTarget
from copies.names import as_key
from copies.target import File, TargetError
from copies.targets.guarded import GuardedSession, limited

FIELDS = ("endpoint", "region", "bucket", "prefix")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_DEFAULT_REGION = "us-east-1"
# Seconds: to connect, and that the server may be silent.
TIMEOUTS = (5.0, 10.0)
# Seconds that one file may take in all, however the server answers, and bytes that are read of one.
LONGEST = 30.0
_MOST = 32 * 2**20
# What servers that speak S3 say of a key that is not there.
_MISSING = {"NoSuchKey", "404"}
_CODE = re.compile(r"[A-Za-z0-9.]{1,60}")
_making = Lock()
# What it reads to make a client it keeps for the next.
_session = cache(boto3.session.Session)


def check(row: CopyTarget) -> None:
    """Raises Refused, naming the field, where no such target can be."""
    row.endpoint = _endpoint(row.endpoint)
    row.region = row.region or _DEFAULT_REGION
    row.prefix = row.prefix.strip("/")
    _require(_REGION, row.region, "region", _("The name of a region looks like eu-central-1."))
    _require(_BUCKET, row.bucket, "bucket", _("The name of a bucket has a–z, 0–9, dots and dashes, 3 to 63."))
    if row.prefix:
        message = _("A prefix looks like status/acme, of letters, digits, dots, dashes and underscores.")
        _require(_PREFIX, row.prefix, "prefix", message)


def open_target(row: CopyTarget) -> Bucket:
    client = _client(row.endpoint, row.region, opened(row.credentials))
    return Bucket(client, row.bucket, f"{row.prefix}/" if row.prefix else "")


class Bucket:
    """Keys of one bucket that begin with `prefix`."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix

    def name(self, path: str, content_type: str) -> str:
        return as_key(path, content_type)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Not every server that speaks S3 can lock or compare: whoever copies sees to it."""
        yield

    def is_empty(self) -> bool:
        with _told():
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        return not found.get("KeyCount") and not found.get("Contents")

    def read(self, name: str) -> bytes | None:
        try:
            with _told():
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
                return bytes(answer["Body"].read(_MOST))
        except _Missing:
            return None

    def write(self, file: File) -> None:
        with _told():
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + file.name,
                Body=file.body,
                ContentType=file.content_type,
                CacheControl=file.cache,
            )

    def remove(self, name: str) -> None:
        try:
            with _told():
                self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)
        except _Missing:
            # Most servers do not mind.
            return


class _Missing(TargetError):
    """There is nothing of that name."""


@contextmanager
def _told() -> Iterator[None]:
    """What went wrong, in words that name no key and nothing of the network: whoever may name a server must
    not learn from us what answers inside ours."""
    try:
        with limited(LONGEST):
            yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _MISSING:
            raise _Missing(code) from None
        said = code if _CODE.fullmatch(code) else "an error"
        message = f"The bucket's server answered {said}."
        raise TargetError(message) from None
    except (BotoCoreError, OSError, ValueError):
        message = "The bucket's server cannot be reached, or does not answer as S3 does."
        raise TargetError(message) from None


def _endpoint(url: str) -> str:
    if not url:
        return ""
    parts = urlsplit(check_url(url, "endpoint"))
    if parts.scheme != "https" and not settings.DEBUG:
        message = _("The address has to begin with https://.")
        raise Refused(message, "endpoint")
    if parts.path.strip("/") or parts.query:
        message = _("This is more than the address of a server, such as https://s3.example.com.")
        raise Refused(message, "endpoint")
    return f"{parts.scheme}://{parts.netloc}"


def _require(pattern: re.Pattern[str], value: str, field: str, message: str) -> None:
    if not pattern.fullmatch(value):
        raise Refused(message, field)


@lru_cache(maxsize=32)
def _client(endpoint: str, region: str, credentials: Credentials) -> Any:
    """A client that nothing but its arguments configures. Making one takes a tenth of a second."""
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if endpoint else "auto"},
        connect_timeout=TIMEOUTS[0],
        read_timeout=TIMEOUTS[1],
        retries={"total_max_attempts": 2, "mode": "standard"},
        ignore_configured_endpoint_urls=True,
        # Others than Amazon do not all know the newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    with _making:
        client = _session().client(
            "s3",
            endpoint_url=endpoint or None,
            region_name=region,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            config=config,
        )
    session = GuardedSession(timeout=TIMEOUTS)
    client.meta.events.register("before-send.s3", lambda request, **_: session.send(request))
    return client
