"""Markdown that people of the page write, made into HTML that can do no harm, and into plain text.

Raw HTML is text, save for `<br>`, which imported bodies use; a newline is a line break. What the parser makes
goes through an allow-list as well: either of the two alone would stop a script.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

TAGS = {"a", "p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "img"} | {
    *("h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "img": {"src", "alt", "title"}}
SCHEMES = {"http", "https", "mailto", "tel"}
LINK_REL = "nofollow noopener ugc"
DEEPEST_HEADING = 6

LINE_BREAK_TAG = re.compile(r"[ \t]*<br[ \t]*/?>[ \t]*\n?", re.IGNORECASE)
# A path on this host: one slash, not two, and no backslash, which browsers read as a slash.
OWN_IMAGE = re.compile(r"/(?![/\\])[^\\]*")


class _Renderer(RendererHTML):
    """Draws images of this host and links to those of others, so that no reader is reported to them."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        source = str(token.attrs.get("src", ""))
        if OWN_IMAGE.fullmatch(source):
            return super().image(tokens, idx, options, env)
        alt = nh3.clean_text(token.content or source)
        return f'<a href="{nh3.clean_text(source)}">{alt}</a>'


def _parser() -> MarkdownIt:
    options = {"html": False, "breaks": True, "linkify": True}
    parser = MarkdownIt("commonmark", options, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough", "linkify"])
    # Only what begins with a scheme is an address: a file's name such as deploy.sh is none.
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    return parser


PARSER = _parser()
CLEANER = nh3.Cleaner(tags=TAGS, attributes=ATTRIBUTES, link_rel=LINK_REL, url_schemes=SCHEMES)


def _parse(source: str) -> list[Token]:
    return PARSER.parse(LINE_BREAK_TAG.sub("\n", source.replace("\x00", "")))


def _nest_headings(tokens: Iterable[Token], top: int) -> None:
    """Let headings begin at level `top` and never skip one, whatever levels the writer chose."""
    previous = top - 1
    for token in tokens:
        if token.type == "heading_open":
            previous = min(top - 1 + int(token.tag[1]), previous + 1, DEEPEST_HEADING)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{previous}"


@lru_cache(maxsize=4096)
def to_html(source: str, heading: int = 3) -> str:
    """Safe HTML of a markdown `source`; its topmost headings become `<h{heading}>`."""
    tokens = _parse(source)
    _nest_headings(tokens, heading)
    return CLEANER.clean(PARSER.renderer.render(tokens, PARSER.options, {})).strip()


@lru_cache(maxsize=4096)
def to_text(source: str, *, addresses: bool = True) -> str:
    """Plain text of a markdown `source` for mail: links as `words (address)`, list items with their marks."""
    writer = _TextWriter(addresses=addresses)
    for token in _parse(source):
        writer.take(token)
    return writer.text.strip()


def summary(source: str, length: int = 240) -> str:
    """The beginning of `source` on one line, cut at a word, at most `length` characters and an ellipsis."""
    line = " ".join(to_text(source, addresses=False).split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


class _TextWriter:
    """Takes block tokens in order and keeps the text so far."""

    def __init__(self, *, addresses: bool) -> None:
        self.text = ""
        self.addresses = addresses
        self.row: list[str] | None = None
        """Cells so far of the table row that is open."""
        self.lists: list[int | None] = []
        """Open lists, outermost first: the next number, or None for bullets."""
        self.mark = ""

    def take(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self.lists.append(None)
            case "ordered_list_open":
                self.lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self.mark = self._next_mark()
            case "tr_open":
                self.row = []
            case "tr_close":
                self._write(" | ".join(self.row or []))
                self.row = None
            case "inline" if self.row is not None:
                self.row.append(_inline_text(token.children or [], addresses=self.addresses))
            case "inline":
                self._write(_inline_text(token.children or [], addresses=self.addresses))
            case "fence" | "code_block":
                self._write(token.content.rstrip("\n"))

    def _next_mark(self) -> str:
        number = self.lists[-1]
        if number is None:
            return "- "
        self.lists[-1] = number + 1
        return f"{number}. "

    def _write(self, words: str) -> None:
        margin = "  " * max(0, len(self.lists) - 1)
        indent = margin + " " * len(self.mark) if self.mark or not self.lists else margin + "  "
        block = words.replace("\n", "\n" + indent)
        self.text += ("\n" if self.lists else "\n\n") + (margin + self.mark if self.mark else indent) + block
        self.mark = ""


def _inline_text(children: Iterable[Token], *, addresses: bool) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for child in children:
        if child.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif child.type == "image":
            parts.append(child.content)
        elif child.type == "link_open":
            links.append((str(child.attrs.get("href", "")) if addresses else "", len(parts)))
        elif child.type == "link_close":
            address, start = links.pop()
            parts[start:] = [_linked("".join(parts[start:]), address)]
        else:
            parts.append(child.content)
    return "".join(parts)


def _linked(words: str, address: str) -> str:
    """`words (address)`, or the words alone where the address says nothing new."""
    bare = address.removeprefix("mailto:")
    return f"{words} ({bare})" if bare and words != bare else words
