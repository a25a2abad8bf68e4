"""The ticker as a process."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from statuspage.measuring import serve
from statuspage.ticker import INTERVAL, Ticker


class Command(BaseCommand):
    help = "See to it, twice a second, that what is due gets done. Any number of these may run."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()

        def stop(_signal: int, _frame: FrameType | None) -> None:
            stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        serve(queues=True)
        ticker = Ticker()
        while not stopping.wait(INTERVAL):
            ticker.tick()
        ticker.stop()
