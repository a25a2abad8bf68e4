"""Every kind of document of a page in the middle of a bad day, as it was last looked at."""

from __future__ import annotations

import re

import pytest

from tests.golden import Golden
from tests.publishing import samples
from tests.publishing.pages import EVERY_KIND, documents_of

_ASSET = re.compile(r"(/assets/[a-z]+)-[0-9a-z]+\.")


@pytest.mark.parametrize("path", [*EVERY_KIND[:-1], "/404", "/503", "/202"])
def test_documents_look_as_they_did(golden: Golden, path: str) -> None:
    document = documents_of(samples.stormy())[path]
    # The names of style sheets follow their content, which is no part of the document.
    text = _ASSET.sub(r"\1-….", document.body.decode())
    name = path.strip("/").replace("/", "-") or "status"

    golden.check(f"pages/{name}.html", text)


def test_a_right_to_left_page_looks_as_it_did(golden: Golden) -> None:
    text = documents_of(samples.arabic())["/"].body.decode()

    golden.check("pages/status-arabic.html", _ASSET.sub(r"\1-….", text))
