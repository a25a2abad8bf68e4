"""CSS that people write for their page: what changes the look is taken; what loads, hides or moves is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import tinycss2
from django.utils.translation import gettext as _

from common.errors import Refused

LONGEST = 20_000
# So many things inside of each other.
_DEEPEST = 20
_PROPERTIES = frozenset(
    [
        *("color", "background", "background-color", "background-image", "background-size"),
        *(
            "background-repeat",
            "background-position",
            "accent-color",
            "caret-color",
            "outline-color",
            "fill",
            "stroke",
        ),
        *("border", "border-color", "border-style", "border-width", "border-radius", "box-shadow"),
        *("font", "font-family", "font-size", "font-style", "font-weight", "font-variant", "font-stretch"),
        *("letter-spacing", "word-spacing", "line-height", "text-align", "text-transform", "text-indent"),
        *("text-decoration", "text-decoration-color", "text-decoration-style", "text-underline-offset"),
        *("gap", "row-gap", "column-gap", "max-width", "max-inline-size", "min-height", "min-block-size"),
        *("list-style", "list-style-type", "hyphens", "text-wrap"),
    ]
)
_SIDED = re.compile(
    r"(margin|padding)(-(top|right|bottom|left|inline|block)(-(start|end))?)?"
    r"|border-(top|right|bottom|left|inline|block)(-(start|end))?(-(color|style|width))?"
    r"|border-(top|bottom)-(left|right)-radius|border-(start|end)-(start|end)-radius"
)
_FUNCTIONS = frozenset(
    [
        *("var", "calc", "min", "max", "clamp", "rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch"),
        *(
            "oklab",
            "oklch",
            "color",
            "color-mix",
            "light-dark",
            "linear-gradient",
            "radial-gradient",
            "conic-gradient",
        ),
        *("repeating-linear-gradient", "repeating-radial-gradient"),
    ]
)
# Of selectors: they load nothing either.
_SELECTING = frozenset({"not", "is", "where", "has", "nth-child", "nth-of-type", "lang", "dir"})
_OWN = re.compile(r"--[a-z0-9-]{1,60}")


def clean_css(text: str, field: str = "custom_css") -> str:
    """The same rules, as they were understood. Raises Refused, about `field`, naming the line of what is not
    taken: other rules than `@media`, properties that are not on the list, and whatever loads something."""
    if len(text) > LONGEST:
        raise Refused(_("Styles have at most %(most)d characters.") % {"most": LONGEST}, field)
    if "<" in text:
        raise Refused(_("“<” has no place in styles."), field)
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    found = "\n".join(_rule(one, field) for one in rules)
    # Also one that was written as an escape: a sheet can stand inside of HTML.
    if "<" in found:
        raise Refused(_("“<” has no place in styles."), field)
    return found


def _rule(rule: Any, field: str, depth: int = 0) -> str:
    _check_depth(rule, depth, field)
    if rule.type == "qualified-rule":
        _check_values(rule.prelude, field)
        return f"{tinycss2.serialize(rule.prelude).strip()}{{{';'.join(_declarations(rule, field))}}}"
    if rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content is not None:
        _check_values(rule.prelude, field)
        inside = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
        rules = "".join(_rule(one, field, depth + 1) for one in inside)
        return f"@media{tinycss2.serialize(rule.prelude)}{{{rules}}}"
    if rule.type == "at-rule":
        raise _refusal(rule, _("@%(name)s is not taken, only @media.") % {"name": rule.at_keyword}, field)
    raise _refusal(rule, _("This is not CSS that can be read."), field)


def _declarations(rule: Any, field: str) -> Iterator[str]:
    for one in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True):
        if one.type != "declaration":
            raise _refusal(one, _("This is not CSS that can be read."), field)
        name = one.lower_name
        if name not in _PROPERTIES and not _SIDED.fullmatch(name) and not _OWN.fullmatch(one.name):
            raise _refusal(one, _("“%(name)s” cannot be set here.") % {"name": one.name[:60]}, field)
        _check_values(one.value, field)
        value = tinycss2.serialize(one.value).strip()
        yield f"{one.name}:{value}{'!important' if one.important else ''}"


def _check_values(values: Any, field: str, depth: int = 0) -> None:
    """Nothing in them loads anything."""
    for one in values:
        _check_depth(one, depth, field)
        if one.type in {"url", "error", "at-keyword"}:
            raise _refusal(one, _("Nothing can be loaded from elsewhere."), field)
        if one.type == "function":
            _check_function(one, field, depth)
        elif one.type in {"() block", "[] block", "{} block"}:
            _check_values(one.content, field, depth + 1)


def _check_function(one: Any, field: str, depth: int) -> None:
    if one.lower_name not in _FUNCTIONS | _SELECTING:
        raise _refusal(one, _("“%(name)s()” cannot be used here.") % {"name": one.name[:60]}, field)
    _check_values(one.arguments, field, depth + 1)


def _check_depth(node: Any, depth: int, field: str) -> None:
    if depth > _DEEPEST:
        raise _refusal(node, _("This is not CSS that can be read."), field)


def _refusal(node: Any, text: str, field: str) -> Refused:
    return Refused(_("Line %(line)d: %(text)s") % {"line": node.source_line, "text": text}, field)
