"""The ways in which a message reaches somebody: one module each, all alike."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Protocol

from notifications.channels import discord, email, google_chat, slack, sms, teams, webhook
from notifications.letters import Letter, Outcome
from notifications.retries import Table
from subscribers.choices import Channel


class ChannelModule(Protocol):
    @property
    def RETRIES(self) -> Table:  # noqa: N802 a constant of the module
        """The waits between attempts."""

    def send(self, letters: Sequence[Letter], until: float) -> Generator[Outcome]:
        """Try each letter once, and say what became of it as soon as that is known.

        No letter is begun after `until` (of `time.monotonic`). What is wrong with one letter is its outcome,
        never an exception. Opens no transaction.
        """


CHANNELS: Mapping[str, ChannelModule] = {
    Channel.EMAIL: email,
    Channel.SMS: sms,
    Channel.WEBHOOK: webhook,
    Channel.SLACK: slack,
    Channel.TEAMS: teams,
    Channel.DISCORD: discord,
    Channel.GOOGLE_CHAT: google_chat,
}
