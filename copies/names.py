"""What documents are called where there are only files."""

from __future__ import annotations

import re

from store import StoreError

# What the copy says of itself: which files it has, and when it was last known to be current.
MANIFEST = ".manifest.json"
CONFIRMED = "copy.json"

# What is answered with such a status.
_ERROR = re.compile(r"/[245][0-9]{2}")
_QUERY = re.compile(r"\.(?P<extension>[a-z]+)\?page=(?P<number>[0-9]+)$")


def as_key(path: str, _content_type: str) -> str:
    """The path without its slash, for a server that stores a type with each key: `/history` is `history`."""
    if path == "/":
        return "index.html"
    return f"{path[1:]}.html" if _ERROR.fullmatch(path) else checked(_without_query(path)[1:])


def as_file(path: str, content_type: str) -> str:
    """A file whose extension tells its type; one without any is in a folder: `history/index.html`."""
    name = as_key(path, content_type)
    bare = "." not in name.rpartition("/")[2]
    return f"{name}/index.html" if bare and content_type.startswith("text/html") else name


def checked(name: str) -> str:
    """`name`, which leads nowhere but below its root. Raises StoreError otherwise."""
    if any(part in {"", ".", ".."} for part in name.split("/")):
        message = f"Not a name for a file: {name!r}"
        raise StoreError(message)
    return name


def _without_query(path: str) -> str:
    """Servers of files look at no query: `/history.json?page=2` is `/history.page-2.json`."""
    return _QUERY.sub(r".page-\g<number>.\g<extension>", path)
