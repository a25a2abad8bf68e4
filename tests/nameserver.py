"""A name server in a thread, which knows the TXT records that it is given."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@dataclass
class Names:
    """`texts`: name -> its TXT records. A name in `broken` gets a failure for an answer."""

    port: int = 0
    texts: dict[str, list[str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, asked: bytes) -> bytes:
        query = dns.message.from_wire(asked)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        name = query.question[0].name.to_text(omit_final_dot=True)
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.texts:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif self.texts[name]:
            quoted = [f'"{one}"' for one in self.texts[name]]
            response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *quoted))
        return response.to_wire()


@contextmanager
def nameserver() -> Iterator[Names]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        names = Names(server.getsockname()[1])

        def serve() -> None:
            while True:
                asked, who = server.recvfrom(4096)
                if not asked:
                    return
                server.sendto(names.answer(asked), who)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield names
        finally:
            server.sendto(b"", server.getsockname())
            thread.join(5)
