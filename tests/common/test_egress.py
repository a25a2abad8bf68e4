"""Hostile targets, as lists of them collect: none is ever called, however it is spelled."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from common import egress
from common.errors import Refused

HOSTILE = [
    "127.0.0.1",
    "127.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 a target, not an address to listen at
    "0",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "2852039166",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "168.63.129.16",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[100::1]",
    "[100:0:0:1::1]",
    "[2001:db8::1]",
    "[2001::1]",
    "[2002:7f00:1::]",
    "[3fff::1]",
    "[4000::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
]
MALFORMED = [
    "",
    "example.org",
    "//example.org/hook",
    "ftp://example.org/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "gopher://example.org/",
    "http://",
    "http://[::1",
    "http://example.org:0/",
    "http://example.org:99999/",
    "http://exa mple.org/",
    "http://example.org\\@127.0.0.1/",
    "http://user:secret@example.org/",
    "http://bücher.example/",
    "http://example.org/\x00",
    "http://example\x01.org/",
    "http://example.org/\x7f",
    "http://localhost/",
    "http://intranet/",
    "https://example.org:22/",
    "https://example.org:6379/",
    "https://example.org/" + "a" * 2_000,
]
OPEN = ["https://example.org/hook", "http://example.org", "https://example.org:443/?a=b", "https://8.8.8.8/"]


@pytest.mark.parametrize("host", HOSTILE)
def test_a_hostile_address_is_refused_when_it_is_entered(host: str) -> None:
    with pytest.raises(Refused):
        egress.check_url(f"http://{host}/hook")


@pytest.mark.parametrize("host", HOSTILE)
def test_a_hostile_address_is_refused_when_it_is_called(host: str) -> None:
    """Also where a name leads to it: what the resolver answers is judged the same way."""
    with pytest.raises(OSError):  # noqa: PT011 the resolver's own error will do as well
        egress.look_up(host.strip("[]"), 80)


@pytest.mark.parametrize("url", MALFORMED)
def test_what_is_no_address_of_a_machine_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        egress.check_url(url)


@pytest.mark.parametrize("url", OPEN)
def test_the_open_internet_may_be_called(url: str) -> None:
    assert egress.check_url(url) == url


def test_one_hostile_answer_among_others_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def two_answers(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", (ip, 80)) for ip in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", two_answers)
    with pytest.raises(egress.Forbidden):
        egress.look_up("example.org", 80)


def test_networks_are_opened_by_name(settings: Any) -> None:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    assert egress.check_url("http://127.0.0.1:8123/hook")
    assert egress.look_up("127.0.0.1", 8123)
    with pytest.raises(Refused):
        egress.check_url("http://10.0.0.1/hook")
