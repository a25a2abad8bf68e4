"""One client of `/events`: the version that it has been told, and nothing that waits."""

from dataclasses import dataclass
from typing import Protocol

from edge.request import Message


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes for many clients, made once in both forms in which they are sent."""

    body: bytes
    message: Message
    framed: bytes


class Followed(Protocol):
    """A page, what there is to say on its `version`, and whom to."""

    version: int
    beat: Chunk
    watchers: set["Stream"]
    left_at: float

    def since(self, version: int) -> Chunk | None: ...


class Stream:
    """How a client is told, its kind of stream knows; it is told nothing while it has not taken the last.

    `address` counts it, its `turn` for a sign of life comes round, and after `until` (monotonic) it ends.
    """

    __slots__ = ("address", "channel", "over", "turn", "until", "version")

    def __init__(
        self, channel: Followed, version: int, address: str, turn: set["Stream"], until: float
    ) -> None:
        self.channel = channel
        self.version = version
        self.address = address
        self.turn = turn
        self.until = until
        self.over = False

    def is_free(self) -> bool:
        """Whether the client has taken all that it was sent."""
        raise NotImplementedError

    def say(self, chunk: Chunk) -> None:
        raise NotImplementedError

    def end(self) -> None:
        """Let the client go, after what it has not taken yet."""
        raise NotImplementedError

    def tell(self) -> None:
        """Say what the client has not been told."""
        if not self.over and self.version != self.channel.version and self.is_free():
            news = self.channel.since(self.version)
            self.version = self.channel.version
            if news is not None:
                self.say(news)

    def beat(self) -> None:
        """Give a sign of life, after what the client has not been told."""
        self.tell()
        if not self.over and self.is_free():
            self.say(self.channel.beat)


def chunk(body: bytes) -> Chunk:
    message = {"type": "http.response.body", "body": body, "more_body": True}
    return Chunk(body, message, b"%x\r\n%b\r\n" % (len(body), body))
