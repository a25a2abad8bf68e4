"""Files that are made while they are fetched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from django.http import HttpResponse, StreamingHttpResponse

from common.streaming import in_steps


def zip_answer(pieces: Iterator[bytes], name: str) -> HttpResponse:
    """A ZIP file called `name`.zip. The pieces enter the tenant that they need by themselves."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-store"}
    answer = StreamingHttpResponse(in_steps(pieces), content_type="application/zip", headers=headers)
    return cast(HttpResponse, answer)
