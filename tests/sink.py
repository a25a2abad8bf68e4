"""A mail server in a thread, which keeps what it gets and can be told to refuse, to hang or to hang up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from statuspage.mailsink import LONGEST_LINE, Conversation


@dataclass
class Sink:
    """`answers`: recipient -> what RCPT is answered, one after another, before it is accepted. `at`: when
    each of `raw` came, monotonic. One that is `shut` hangs up on everybody."""

    port: int = 0
    raw: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    data_answers: list[str] = field(default_factory=list)
    delay: float = 0.0
    connections: int = 0
    messages_per_connection: int = 1_000_000
    at: list[float] = field(default_factory=list)
    shut: bool = False

    def keep(self, _sender: str, recipients: Sequence[str], content: bytes) -> None:
        self.at += [time.monotonic()] * len(recipients)
        self.raw += [(recipient, content) for recipient in recipients]

    @property
    def recipients(self) -> list[str]:
        return sorted(recipient for recipient, _content in self.raw)

    def mail(self, recipient: str) -> list[EmailMessage]:
        """What a recipient got, in order, as Python's own parser reads it."""
        found = [content for to, content in self.raw if to == recipient]
        return [message_from_bytes(content, policy=policy.default) for content in found]

    def everything(self) -> str:
        """All that anybody got, decoded."""
        mails = [message_from_bytes(content, policy=policy.default) for _to, content in self.raw]
        parts = [part.get_content() for mail in mails for part in mail.walk() if not part.is_multipart()]
        return "\n".join([*parts, *(f"{name}: {value}" for mail in mails for name, value in mail.items())])


class _Talk(Conversation):
    sink: Sink
    kept = 0

    def _take_recipient(self, argument: str) -> str:
        recipient = argument.partition("<")[2].partition(">")[0]
        if self.sink.answers[recipient]:
            return self.sink.answers[recipient].pop(0)
        return super()._take_recipient(argument)

    async def _data(self) -> None:
        if self.sink.delay:
            await asyncio.sleep(self.sink.delay)
        if self.kept >= self.sink.messages_per_connection or self.sink.shut:
            self.writer.close()
            raise ConnectionResetError
        if self.sink.data_answers:
            return self._say(self.sink.data_answers.pop(0))
        self.kept += 1
        return await super()._data()


@contextmanager
def sink() -> Iterator[Sink]:
    """Run one on a free port until the block ends."""
    kept, loop, ready = Sink(), asyncio.new_event_loop(), threading.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept.connections += 1
        if kept.shut:
            return writer.close()
        conversation = _Talk(kept, reader, writer)  # type: ignore[arg-type]
        conversation.sink = kept
        try:
            await conversation.hold()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
        return None

    async def start() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=LONGEST_LINE)
        kept.port = server.sockets[0].getsockname()[1]
        ready.set()

    async def end() -> None:
        """Hang up on everybody."""
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)
        loop.call_soon(loop.stop)

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.create_task(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield kept
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop)
        thread.join(5)
