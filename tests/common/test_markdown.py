"""Markdown of incident bodies: harmless as HTML, readable as text."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import markdown

PAYLOADS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    '<math><mi//xlink:href="data:x,<script>alert(1)</script>">',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<body onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<style>@import '//evil.example'</style>",
    "<br onload=alert(1)>",
    "<br/onmouseover=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](<javascript:alert(1)>)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](https://evil.example/pixel.gif)",
    "![x](//evil.example/pixel.gif)",
    "![x](/\\evil.example/pixel.gif)",
    '![x" onerror="alert(1)](/media/x.png)',
    '[x](https://ok.example "" onmouseover="alert(1)")',
    '[a](https://ok.example/"onmouseover="alert(1)")',
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "<<script>alert(1)//<</script>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
]


class _Watch(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in markdown.TAGS:
            self.faults.append(tag)
        for name, value in attrs:
            self._look_at(tag, name, value or "")

    def _look_at(self, tag: str, name: str, value: str) -> None:
        if name not in markdown.ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set()):
            self.faults.append(f"{tag} {name}")
        if name == "href" and ":" in value.split("/")[0] and value.split(":")[0] not in markdown.SCHEMES:
            self.faults.append(value)
        if name == "src" and (not value.startswith("/") or value[1:2] in {"/", "\\"}):
            self.faults.append(value)
        if name == "rel" and value != markdown.LINK_REL:
            self.faults.append(value)


def faults_of(html: str) -> list[str]:
    watch = _Watch()
    watch.feed(html)
    watch.close()
    return watch.faults


def test_the_watch_sees_harm() -> None:
    assert faults_of("<script>") == ["script"]
    assert faults_of("<p onclick=x>") == ["p onclick"]
    assert faults_of("<a href='javascript:x'>") == ["javascript:x"]
    assert faults_of("<img src=//evil.example>") == ["//evil.example"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_survives(payload: str) -> None:
    assert faults_of(markdown.to_html(payload)) == []


@given(st.text(alphabet="<>()[]!\"'`=:/\\&#;x \n\tjavscript|-*_1.", max_size=80))
def test_no_mixture_of_markup_survives(source: str) -> None:
    assert faults_of(markdown.to_html(source)) == []


@given(st.text(max_size=200))
def test_any_text_becomes_html_text_and_a_summary(source: str) -> None:
    markdown.to_html(source)
    markdown.to_text(source)
    assert len(markdown.summary(source, 40)) <= 41
    assert "\n" not in markdown.summary(source, 40)


@pytest.mark.parametrize("source", ["one<br />two", "one<br>two", "one<BR/>\ntwo", "one\ntwo", "one  \ntwo"])
def test_a_newline_and_an_imported_break_are_the_same(source: str) -> None:
    assert markdown.to_html(source) == "<p>one<br>\ntwo</p>"
    assert markdown.to_text(source) == "one\ntwo"


def test_links_carry_their_relation_and_addresses_become_links() -> None:
    rel = 'rel="nofollow noopener ugc"'
    assert markdown.to_html("[a](https://a.example)") == f'<p><a href="https://a.example" {rel}>a</a></p>'
    assert markdown.to_html("see https://a.example/b.") == (
        f'<p>see <a href="https://a.example/b" {rel}>https://a.example/b</a>.</p>'
    )
    assert "<a" not in markdown.to_html("run deploy.sh on api.example")


def test_images_of_this_host_are_shown_and_others_become_links() -> None:
    assert markdown.to_html("![graph](/media/a.png)") == '<p><img src="/media/a.png" alt="graph"></p>'
    foreign = markdown.to_html("![graph](https://b.example/a.png)")
    assert "<img" not in foreign
    assert '<a href="https://b.example/a.png" rel="nofollow noopener ugc">graph</a>' in foreign


@pytest.mark.parametrize(
    ("source", "levels"),
    [
        ("# a\n\n## b\n\n# c", [3, 4, 3]),
        ("### a\n\n#### b", [3, 4]),
        ("# a\n\n###### b\n\n###### c", [3, 4, 5]),
        ("###### a", [3]),
    ],
)
def test_headings_begin_where_told_and_skip_no_level(source: str, levels: list[int]) -> None:
    html = markdown.to_html(source, 3)
    assert [int(part[0]) for part in html.split("<h")[1:]] == levels
    assert html.count("<h") == html.count("</h")


def test_text_for_mail_keeps_lists_tables_code_and_addresses() -> None:
    source = (
        "## Cause\n\nA **bad** [deploy](https://a.example).\n\n- one\n- two\n  - three\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n1. first\n2. second\n\n```\nmake run\n```"
    )
    assert markdown.to_text(source) == (
        "Cause\n\nA bad deploy (https://a.example).\n- one\n- two\n  - three\n\n"
        "a | b\n\n1 | 2\n1. first\n2. second\n\nmake run"
    )


def test_a_summary_is_cut_at_a_word_and_shows_no_addresses() -> None:
    assert markdown.summary("All [is](https://a.example)\n\nwell") == "All is well"
    assert markdown.summary("alpha beta, gamma delta", 15) == "alpha beta…"
