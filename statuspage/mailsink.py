"""A mail server for one machine: takes every message and keeps it as a file, sends nothing on.

`python -m statuspage.mailsink --port 2525 --dir var/mail`

It speaks as much SMTP as a client that wants to hand in a message needs (RFC 5321, with pipelining,
8-bit and UTF-8 messages). Standard library only: aiosmtpd needs a package named `public`, as we have one.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

LARGEST_MESSAGE = 33_554_432
LONGEST_LINE = 65_536
EXTENSIONS = (f"SIZE {LARGEST_MESSAGE}", "8BITMIME", "SMTPUTF8", "PIPELINING")


class Folder:
    """Messages as files, named by time and first recipient, so that their names sort by time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counter = itertools.count(1)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> Path:
        """Store one message, whole or not at all, with its envelope in front of its own headers."""
        path = self.path / self._name(recipients[0])
        unfinished = path.with_suffix(".part")
        lines = [f"X-MailFrom: {sender}", *(f"X-RcptTo: {recipient}" for recipient in recipients)]
        unfinished.write_bytes("".join(f"{line}\r\n" for line in lines).encode() + content)
        return unfinished.rename(path)

    def _name(self, recipient: str) -> str:
        harmless = re.sub(r"[^a-z0-9@.+_-]", "_", recipient.lower())[:100]
        return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{next(self.counter)}-{harmless}.eml"


class Conversation:
    """One client's connection. `hold` runs it to its end."""

    sender: str | None
    recipients: list[str]

    def __init__(
        self,
        folder: Folder,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        instance: str = "",
    ) -> None:
        self.folder = folder
        self.instance = instance
        self.reader = reader
        self.writer = writer
        self.greeted = False
        self._forget()

    async def hold(self) -> None:
        self._say(f"220 localhost keeps every message {self.instance}".rstrip())
        while command := await self._line():
            verb, _, argument = command.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                return self._say("221 Bye")
            if verb.upper() == "DATA":
                await self._data()
            else:
                self._say(*self._answer(verb.upper(), argument))
            await self.writer.drain()
        return None

    def _answer(self, verb: str, argument: str) -> Sequence[str]:
        self.greeted = self.greeted or verb in ("EHLO", "HELO")
        match verb:
            case "EHLO":
                self._forget()
                return [
                    "250-localhost",
                    *(f"250-{name}" for name in EXTENSIONS[:-1]),
                    f"250 {EXTENSIONS[-1]}",
                ]
            case "HELO" | "RSET" | "NOOP":
                self._forget()
                return ["250 OK"]
            case "MAIL":
                return [self._take_sender(argument)]
            case "RCPT":
                return [self._take_recipient(argument)]
        return ["502 Not known here"]

    def _take_sender(self, argument: str) -> str:
        if not self.greeted:
            return "503 EHLO or HELO comes first"
        found = re.match(r"FROM:\s*<([^>]*)>", argument, re.IGNORECASE)
        if not found:
            return "501 Expected MAIL FROM:<address>"
        self._forget()
        self.sender = found[1]
        return "250 OK"

    def _take_recipient(self, argument: str) -> str:
        found = re.match(r"TO:\s*<([^>]+)>", argument, re.IGNORECASE)
        if not found:
            return "501 Expected RCPT TO:<address>"
        if self.sender is None:
            return "503 MAIL comes before RCPT"
        self.recipients.append(found[1])
        return "250 OK"

    async def _data(self) -> None:
        if self.sender is None or not self.recipients:
            return self._say("503 MAIL and RCPT come before DATA")
        self._say("354 End with a line that is a dot")
        await self.writer.drain()
        content = await self._content()
        if content is None:
            return self._say("552 The message is too large")
        self.folder.keep(self.sender, self.recipients, content)
        self._forget()
        return self._say("250 Message kept")

    async def _content(self) -> bytes | None:
        """The lines up to the lone dot, without the dots that guard others; None where they are too many."""
        content = bytearray()
        while (line := await self._line()) != b".\r\n":
            if not line:
                raise asyncio.IncompleteReadError(bytes(content), None)
            if len(content) <= LARGEST_MESSAGE:
                content += line.removeprefix(b".")
        return bytes(content) if len(content) <= LARGEST_MESSAGE else None

    async def _line(self) -> bytes:
        return await self.reader.readline()

    def _say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())

    def _forget(self) -> None:
        self.sender = None
        self.recipients = []


async def serve(port: int, path: Path, instance: str) -> None:
    folder = Folder(path)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await Conversation(folder, reader, writer, instance).hold()
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            print(f"A client was cut off: {error}", flush=True)  # noqa: T201 - the supervisor reads it
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, limit=LONGEST_LINE)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="Keep every mail that is sent here as a file.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--instance", default="", help="a word for the greeting, to know this server by")
    options = parser.parse_args()
    try:
        asyncio.run(serve(options.port, options.dir, options.instance))
    except OSError as error:
        parser.exit(1, f"The mail sink cannot run: {error}\n")


if __name__ == "__main__":
    main()
