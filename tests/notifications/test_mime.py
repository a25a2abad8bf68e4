"""What is made for each recipient of one rendering, as Python's own parser reads it."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

from hypothesis import example, given
from hypothesis import strategies as st

from notifications.mail import PLACEHOLDERS, Mail, _one_line
from notifications.mime import Form
from tests.examples import examples

HARD = "".join(
    ["…Å\x85\u2028 =?utf-8?q?x?= . = --\r\n.\r\n..\rBcc: eve@example.org\n", "الحالة ", "状态" * 40]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
TOKEN = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-=", min_size=1, max_size=300
)


def made(
    name: str, subject: str, before: str, after: str, links: dict[str, str]
) -> tuple[bytes, EmailMessage]:
    body = f"{before}{PLACEHOLDERS['manage']}{after}{PLACEHOLDERS['leave']}\n"
    mail = Mail(
        sender=_one_line(name),
        address="status@example.org",
        subject=_one_line(subject),
        text=body,
        html=f"<p>{body}</p>\n",
        list_id="page.example.org",
        host="example.org",
        headers={"Auto-Submitted": "auto-generated"},
        asks=False,
    )
    content = Form(mail).fill("ada@example.org", 7, links)
    return content, message_from_bytes(content, policy=policy.default)  # type: ignore[return-value]


def person(content: bytes, header: str) -> tuple[str, str]:
    """By the older parser: the newer one puts spaces between the encoded words of a name."""
    words, address = parseaddr(message_from_bytes(content)[header].replace("\r\n", ""))
    return str(make_header(decode_header(words))), address


def lines_of(text: str) -> list[str]:
    """Line ends are CRLF on the wire, whatever they were."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@examples(300)
@given(name=TEXT, subject=TEXT, before=TEXT, after=TEXT, one=TOKEN, other=TOKEN)
@example(name=HARD, subject=HARD, before=HARD, after=HARD, one="." * 200, other="=" * 200)
@example(name='Ac"me, <b>', subject="x" * 990, before=".", after="\n.", one="a", other="b")
def test_every_link_and_header_arrives_as_it_was_meant(
    name: str, subject: str, before: str, after: str, one: str, other: str
) -> None:
    links = {"manage": f"https://example.org/{one}", "leave": f"https://example.org/{other}/unsubscribe"}
    content, message = made(name, subject, before, after, links)
    assert message["To"] == "ada@example.org"
    assert message["Message-ID"] == "<delivery-7@example.org>"
    assert message["List-Unsubscribe"] == f"<{links['leave']}>"
    assert message["Subject"] == _one_line(subject)
    assert person(content, "From") == (_one_line(name), "status@example.org")
    assert person(content, "List-Id") == (_one_line(name), "page.example.org")
    assert message["Bcc"] is None
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    meant = f"{before}{links['manage']}{after}{links['leave']}\n"
    assert lines_of(text.get_content()) == lines_of(meant)
    assert lines_of(html.get_content()) == lines_of(f"<p>{meant}</p>\n")


@examples(200)
@given(name=TEXT, before=TEXT, one=TOKEN)
@example(name=HARD, before=HARD, one="." * 200)
def test_the_bytes_are_what_any_mail_server_takes(name: str, before: str, one: str) -> None:
    """RFC 5322 and 2045: ASCII, CRLF, no line too long, and no dot at the beginning of one."""
    content, _message = made(name, name, before, before, {"manage": one, "leave": one})
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    for line in content.split(b"\r\n"):
        assert len(line) <= 998
        assert not line.startswith(b".")
    body = content.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76 + 2 * one.count("=")
