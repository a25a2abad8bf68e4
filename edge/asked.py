"""Which document a request is about, where its path alone does not say."""

from collections.abc import Container

from edge.request import Request

HISTORY = "/history.json"
HOME, MARKDOWN = "/", "/index.md"


def document_path(request: Request, published: Container[str]) -> str:
    """The path under which the document is published.

    `/history.json?page=2` is a document of its own. The home page is markdown for those who want that first,
    as programs do; browsers, who take anything, get HTML.
    """
    if request.path == HISTORY and request.query:
        return _history(request.query)
    if request.path == HOME and MARKDOWN in published and wants_markdown(request.accept):
        return MARKDOWN
    return request.path


def wants_markdown(accept: bytes) -> bool:
    """Whether `text/markdown`, in these words, is the first choice that Accept names."""
    first = accept.partition(b",")[0]
    return first.partition(b";")[0].strip().lower() == b"text/markdown"


def _history(query: bytes) -> str:
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if name == b"page":
            number = value.decode("latin-1")
            return HISTORY if number == "1" else f"{HISTORY}?page={number}"
    return HISTORY


def is_negotiated(request: Request, path: str) -> bool:
    """Whether another client would get another document for the same address."""
    return path == MARKDOWN and request.path != MARKDOWN
