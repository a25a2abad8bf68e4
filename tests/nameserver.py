"""A name server in a thread, which knows the records that it is given."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class Names:
    """`texts`: name -> its TXT records; `aliases`: name -> what it is an alias of; `addresses`: name -> its
    IPv4 address. A name in `broken` gets a failure for an answer."""

    port: int = 0
    texts: dict[str, list[str]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, asked: bytes) -> bytes:
        query = dns.message.from_wire(asked)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        asked_name = query.question[0].name
        name, kind = asked_name.to_text(omit_final_dot=True), dns.rdatatype.to_text(query.question[0].rdtype)
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name not in {*self.texts, *self.aliases, *self.addresses}:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif records := self._records(name, kind):
            response.answer.append(dns.rrset.from_text(asked_name, 60, "IN", kind, *records))
        return response.to_wire()

    def _records(self, name: str, kind: str) -> list[str]:
        known = {
            "TXT": [f'"{one}"' for one in self.texts.get(name, [])],
            "CNAME": [f"{self.aliases[name]}."] if name in self.aliases else [],
            "A": [self.addresses[name]] if name in self.addresses else [],
        }
        return known.get(kind, [])


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
