"""JSON as Statuspage writes it, and documents put together from what is JSON already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NewType

Json = NewType("Json", str)


def as_json(value: object) -> Json:
    return Json(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def json_list(items: Iterable[Json]) -> Json:
    return Json(f"[{','.join(items)}]")


def json_object(members: Mapping[str, Json]) -> Json:
    return Json("{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}")
