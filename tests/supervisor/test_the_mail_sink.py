from __future__ import annotations

import smtplib
import socket
import stat
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from statuspage.mailsink import LARGEST_MESSAGE
from statuspage.supervisor.children import Program
from tests.services import any_port, running

pytestmark = pytest.mark.process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sent mail"


@pytest.fixture
def client(folder: Path, tmp_path: Path) -> Iterator[smtplib.SMTP]:
    port = any_port()
    command = [sys.executable, "-m", "statuspage.mailsink", "--port", str(port), "--dir", str(folder)]
    program = Program("mail", command, is_ready=lambda _pid: listens(port))
    with running(program, tmp_path), smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        yield smtp


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def messages(folder: Path) -> list[EmailMessage]:
    files = sorted(folder.glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]  # type: ignore[misc]


def test_a_message_is_kept_as_it_was_sent_with_its_envelope(client: smtplib.SMTP, folder: Path) -> None:
    sent = EmailMessage()
    sent["Subject"] = "Störung – behoben"
    sent["To"] = "Everyone <all@example.com>"
    sent.set_content(".\n..two dots\nä line\n")
    sent.add_alternative("<p>.</p>\n", subtype="html")
    client.send_message(sent, "status@example.com", ["hidden@example.com", "Other@example.com"])

    [kept] = messages(folder)
    assert kept["Subject"] == "Störung – behoben"
    assert kept["X-MailFrom"] == "status@example.com"
    assert kept.get_all("X-RcptTo") == ["hidden@example.com", "Other@example.com"]
    assert kept.get_body(("plain",)).get_content() == ".\r\n..two dots\r\nä line\r\n"
    assert kept.get_body(("html",)).get_content() == "<p>.</p>\r\n"
    [file] = folder.iterdir()
    assert file.name.endswith("-1-hidden@example.com.eml")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_many_messages_over_one_connection_are_in_the_order_of_their_names(
    client: smtplib.SMTP, folder: Path
) -> None:
    for number in range(20):
        client.sendmail("a@example.com", "b@example.com", f"Subject: {number}\r\n\r\n")
    assert [kept["Subject"] for kept in messages(folder)] == [str(number) for number in range(20)]


def test_an_address_cannot_lead_out_of_the_folder(client: smtplib.SMTP, folder: Path) -> None:
    client.sendmail("a@example.com", "../../etc/passwd@example.com", "Subject: x\r\n\r\n")
    client.sendmail("a@example.com", "x" * 400 + "@example.com", "Subject: y\r\n\r\n")
    assert len(messages(folder)) == 2


WRONG = [
    (["RCPT TO:<a@example.com>"], 503),
    (["DATA"], 503),
    (["HELO me", "MAIL FROM:<a@example.com>", "DATA"], 503),
    (["MAIL FROM:<a@example.com>"], 503),
    (["HELO me", "MAIL someone"], 501),
    (["HELO me", "MAIL FROM:<a@example.com>", "RCPT TO:<>"], 501),
    (["EHLO me", "MAIL FROM:<a@example.com>", "RSET", "RCPT TO:<b@example.com>"], 503),
    (["VRFY someone"], 502),
    (["\xff\x00"], 502),
]


@pytest.mark.parametrize(("commands", "code"), WRONG)
def test_what_it_does_not_understand_it_refuses_and_goes_on(
    client: smtplib.SMTP, folder: Path, commands: list[str], code: int
) -> None:
    client.command_encoding = "latin-1"
    answers = [client.docmd(command)[0] for command in commands]
    assert answers[-1] == code
    client.sendmail("a@example.com", "b@example.com", "Subject: still here\r\n\r\n")
    assert [kept["Subject"] for kept in messages(folder)] == ["still here"]


def test_a_message_that_is_too_large_is_refused(client: smtplib.SMTP, folder: Path) -> None:
    client.docmd("HELO me")
    client.docmd("MAIL FROM:<a@example.com>")
    client.docmd("RCPT TO:<b@example.com>")
    line = b"x" * 1000 + b"\r\n"
    assert client.data(line * (LARGEST_MESSAGE // len(line) + 2))[0] == 552
    assert messages(folder) == []


def test_a_client_that_leaves_in_the_middle_leaves_nothing(client: smtplib.SMTP, folder: Path) -> None:
    with socket.create_connection(client.sock.getpeername()) as rude:
        rude.sendall(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nSubject: half")
    client.sendmail("a@example.com", "b@example.com", "Subject: whole\r\n\r\n")
    assert [kept["Subject"] for kept in messages(folder)] == ["whole"]
