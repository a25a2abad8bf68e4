#!/usr/bin/env python3
"""Speaks on a status page while its database, and all that needs it, is gone.

    python3 emergency.py --kit kit.json say "We are looking into failing logins."
    python3 emergency.py --kit kit.json update --status identified "A disk has failed; we restore it."
    python3 emergency.py --kit kit.json resolve "Logins work again."
    python3 emergency.py --kit kit.json extend | tell | status

Needs Python 3.9 and nothing else; make the kit with `manage.py emergency_kit` while all is well. Writes a
signed notice to wherever the page is stored, then tells webhooks and chats. Killed half-way, give the same
command again: who has been told is not told twice. What it did stays beside the kit. More is in
docs/operating.md, "Emergency: when the database is gone".
"""

from __future__ import annotations

import argparse
import base64
import concurrent.futures
import contextlib
import datetime as dt
import hashlib
import hmac
import html
import http.client
import ipaddress
import json
import os
import pathlib
import re
import secrets
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any, Union

Json = dict[str, Any]
UTC = dt.timezone.utc
TIMEOUT, TRIES, AT_ONCE = 8.0, 3, 8
# Seconds after which an exchange is cut off, however alive the other side keeps it.
LONGEST = 15.0
# What an edge takes; older ones go.
MOST_NOTICES, MOST_UPDATES = 20, 100
IMPACTS = {
    "minor": "Minor Service Outage",
    "major": "Partial System Outage",
    "critical": "Major System Outage",
}
RANKS = ["none", "maintenance", "minor", "major", "critical"]
STATUSES = ["investigating", "identified", "monitoring"]
READY = "/.emergency/"
UNSHOWN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Trouble(Exception):
    """Told to whoever runs this, without a traceback."""


# What a store that is damaged, or goes away, leads to.
BROKEN = (Trouble, OSError, http.client.HTTPException, ValueError, LookupError, TypeError, struct.error)


def now() -> dt.datetime:
    return dt.datetime.now(UTC).replace(microsecond=0)


def new_id() -> str:
    return "".join(secrets.choice("0123456789abcdefghijklmnopqrstuvwxyz") for _ in range(12))


# Signing and sealing: the formats of store/emergency.py ---------------------------------------------


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def signed(key: bytes, log: Json) -> bytes:
    rest = json.dumps(log, separators=(",", ":"), ensure_ascii=False).encode()[1:]
    return b'{"hmac":"%b",' % mac(mac(key, b"sign"), rest).hex().encode() + rest


def checked(key: bytes, page: str, raw: bytes) -> Json | None:
    """The log, or None where nobody with this key wrote it for this page."""
    if not hmac.compare_digest(raw[:75], b'{"hmac":"%b",' % mac(mac(key, b"sign"), raw[75:]).hex().encode()):
        return None
    log = json.loads(b"{" + raw[75:])
    return log if log["page"] == page else None


def mixed(key: bytes, tag: bytes, data: bytes) -> bytes:
    stream = hashlib.shake_256(mac(key, b"stream") + tag).digest(len(data))
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")


def seal(key: bytes, context: str, plain: bytes) -> bytes:
    plain += b" " * (-len(plain) % 1024)
    tag = mac(mac(key, b"tag"), context.encode() + b"\0" + plain)
    return b"sealed1\n" + tag + mixed(key, tag, plain)


def unseal(key: bytes, context: str, raw: bytes) -> bytes | None:
    """None for what was sealed with another key, or for something else."""
    tag, plain = raw[8:40], mixed(key, raw[8:40], raw[40:])
    if raw[:8] != b"sealed1\n" or tag != mac(mac(key, b"tag"), context.encode() + b"\0" + plain):
        return None
    return plain


# Where pages are stored -----------------------------------------------------------------------------


def document(manifest: bytes | None, blob_of: Callable[[str], bytes | None], path: str) -> bytes | None:
    """A published document out of a store of manifests and bodies (store/documents.py, store/packing.py)."""
    row = json.loads(manifest or b"{}").get("entries", {}).get(path)
    blob = blob_of(row[0]) if row else None
    if not blob:
        return None
    count, start = blob[32], 33 + 5 * blob[32]
    for code, size in struct.iter_unpack(">BI", blob[33 : 33 + 5 * count]):
        if code == 0:
            return blob[start : start + size]
        start += size
    return None


class Directory:
    """A store's directory, on this machine or mounted."""

    def __init__(self, page: str, path: str | pathlib.Path) -> None:
        self.page, self.root, self.name = page, pathlib.Path(path), f"directory {path}"
        if not self.root.is_dir():
            raise Trouble(f"There is no directory {path}.")

    def _read(self, path: pathlib.Path) -> bytes | None:
        return path.read_bytes() if path.exists() else None

    def read(self, what: str) -> bytes | None:
        return self._read(self.root / "emergency" / f"{self.page}.{what}")

    def write(self, what: str, raw: bytes, _log: Json) -> None:
        replace(self.root / "emergency" / f"{self.page}.{what}", raw)

    def document(self, path: str) -> bytes | None:
        manifest = self._read(self.root / "pages" / self.page / "public.json")
        return document(manifest, lambda name: self._read(self.root / "bodies" / name[:2] / name), path)


class Redis:
    """A store's Redis, spoken to in its own protocol."""

    HASHES = {"json": "store:emergency", "told": "store:emergency:told"}

    def __init__(self, page: str, url: str) -> None:
        at = urllib.parse.urlsplit(url)
        self.page, self.name = page, f"Redis {at.hostname}:{at.port or 6379}"
        self.socket = socket.create_connection((at.hostname, at.port or 6379), TIMEOUT)
        if at.scheme == "rediss":
            self.socket = ssl.create_default_context().wrap_socket(self.socket, server_hostname=at.hostname)
        self.file = self.socket.makefile("rb")
        if at.password:
            user = [urllib.parse.unquote(at.username)] if at.username else []
            self.ask("AUTH", *user, urllib.parse.unquote(at.password))
        self.ask("SELECT", at.path.strip("/") or "0")

    def ask(self, *words: str | bytes) -> bytes | None:
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        lines = b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        self.socket.sendall(b"*%d\r\n" % len(parts) + lines)
        kind, rest = self.file.read(1), self.file.readline().strip()
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind in (b"+", b":"):
            return rest
        raise Trouble(f"{self.name} answers: {rest.decode(errors='replace') or 'nothing'}")

    def read(self, what: str) -> bytes | None:
        return self.ask("HGET", self.HASHES[what], self.page)

    def write(self, what: str, raw: bytes, _log: Json) -> None:
        self.ask("HSET", self.HASHES[what], self.page, raw)
        if what == "json":
            told = {"page_id": self.page, "view": "emergency", "version": 0}
            self.ask("PUBLISH", "store:changes", json.dumps(told))

    def document(self, path: str) -> bytes | None:
        manifest = self.ask("HGET", f"store:page:{self.page}:public", "data")
        return document(manifest, lambda name: self.ask("GET", f"store:body:{name}"), path)


class Copy:
    """A copy of the page, served as plain files: nobody lays a notice over them, so they are replaced.

    Subclasses know how: `get` gives a file or None, `put` replaces one.
    """

    name: str
    page: str

    def get(self, name: str) -> bytes | None:
        raise NotImplementedError

    def put(self, name: str, body: bytes, content_type: str) -> None:
        raise NotImplementedError

    def read(self, what: str) -> bytes | None:
        return self.get(f"{READY[1:]}{self.page}.{what}")

    def document(self, path: str) -> bytes | None:
        return self.get(self.place(path[1:]))

    def place(self, form: str) -> str:
        """The name of the file that it is in."""
        return form

    def write(self, what: str, raw: bytes, log: Json) -> None:
        self.put(f"{READY[1:]}{self.page}.{what}", raw, "application/octet-stream")
        if what == "json":
            self.show(log["notices"][-1])

    def show(self, notice: Json) -> None:
        before, is_open = self.before(), notice["updates"][-1]["status"] != "resolved"
        ready = self.document(f"{READY}{notice['impact']}-index.html")
        files = {"index.html": filled(ready, notice)} if ready else {}
        for name in ("status", "summary", "incidents", "incidents/unresolved"):
            body = self.document(f"/api/v2/{name}.json")
            if body:
                shown = raised(json.loads(body), notice, name)
                files[f"api/v2/{name}.json"] = json.dumps(shown, ensure_ascii=False).encode()
        for form, put_in in FORMS.items():
            begun = self.document(f"{READY}{notice['impact']}-{form}") if is_open else None
            body = put_in(begun, notice) if begun else before.get(form)
            if body:
                files[self.place(form)] = body
        self.doubt(files)
        for name, body in files.items():
            self.put(name, body, TYPES[pathlib.PurePath(name).suffix])

    def before(self) -> dict[str, bytes]:
        """The forms as they were before there was a notice: kept beside its log, as it may be resolved from
        elsewhere. What the service has written anew since takes their place."""
        name = f"{READY[1:]}{self.page}.before"
        kept, held = json.loads(self.get(name) or b"{}"), json.loads(self.get(".manifest.json") or b"{}")
        for form in FORMS:
            body = self.document(f"/{form}")
            if body and (form not in kept or self.place(form) not in held.get("unsure", [self.place(form)])):
                kept[form] = base64.b64encode(body).decode()
        self.put(name, json.dumps(kept).encode(), "application/octet-stream")
        return {form: base64.b64decode(text) for form, text in kept.items()}

    def doubt(self, names: Iterable[str]) -> None:
        """Have the service write these anew when it is back (copies/held.py)."""
        raw = self.get(".manifest.json")
        if not raw:
            return
        held = json.loads(raw)
        held.pop("sha256")
        held["unsure"] = sorted({*held["unsure"], *names})
        held["files"] = {name: row for name, row in held["files"].items() if name not in held["unsure"]}
        rest = json.dumps(held, separators=(",", ":"), ensure_ascii=False).encode()[1:]
        sealed = b'{"sha256":"%b",' % hashlib.sha256(rest).hexdigest().encode() + rest
        self.put(".manifest.json", sealed, "application/json; charset=utf-8")


class Folder(Copy):
    def __init__(self, page: str, path: str) -> None:
        self.page, self.root, self.name = page, pathlib.Path(path), f"copy in {path}"
        if not self.root.is_dir():
            raise Trouble(f"There is no directory {path}.")

    def place(self, form: str) -> str:
        return f"{form}/index.html" if (self.root / form).is_dir() else form

    def get(self, name: str) -> bytes | None:
        path = self.root / name
        return path.read_bytes() if path.is_file() else None

    def put(self, name: str, body: bytes, _content_type: str) -> None:
        replace(self.root / name, body)


class Bucket(Copy):
    """Of S3, or of anything that speaks like it."""

    def __init__(self, page: str, at: Json) -> None:
        self.page, self.at, self.name = page, at, f"copy in bucket {at['bucket']}"
        self.endpoint = urllib.parse.urlsplit(at["endpoint"])
        self.get("index.html")

    def get(self, name: str) -> bytes | None:
        status, body = self.ask("GET", name)
        return None if status == 404 else self.checked(status, body)

    def put(self, name: str, body: bytes, content_type: str) -> None:
        about = {"content-type": content_type, "cache-control": "public, max-age=10"}
        self.checked(*self.ask("PUT", name, body, about))

    def checked(self, status: int, body: bytes) -> bytes:
        if status >= 300:
            raise Trouble(f"{self.name} answers {status}: {body[:200].decode(errors='replace')}")
        return body

    def ask(
        self, method: str, name: str, body: bytes = b"", about: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Signed as AWS has it (Signature Version 4)."""
        at, day = self.at, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        path = urllib.parse.quote("/" + "/".join(part for part in (at["bucket"], at["prefix"], name) if part))
        digest = hashlib.sha256(body).hexdigest()
        headers = {"host": self.endpoint.netloc, "x-amz-content-sha256": digest, "x-amz-date": day}
        names, scope = ";".join(headers), f"{day[:8]}/{at['region']}/s3/aws4_request"
        lines = "".join(f"{key}:{value}\n" for key, value in headers.items())
        asked = hashlib.sha256("\n".join([method, path, "", lines, names, digest]).encode()).hexdigest()
        secret = f"AWS4{at['secret_access_key']}".encode()
        for word in scope.split("/"):
            secret = mac(secret, word.encode())
        sign = mac(secret, f"AWS4-HMAC-SHA256\n{day}\n{scope}\n{asked}".encode()).hex()
        credential = f"Credential={at['access_key_id']}/{scope}"
        headers["authorization"] = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={sign}"
        return exchange(self.endpoint, method, path, body, {**headers, **(about or {})})


def replace(path: pathlib.Path, raw: bytes) -> None:
    """Readers see the old file or the new one, and after a power cut too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(descriptor)
    made = pathlib.Path(temporary)
    made.chmod(0o644)
    made.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


# What readers of a bucket see; over a store the edge does the same (edge/emergency.py) ----------------


def moment(said: Json) -> str:
    at = dt.datetime.fromisoformat(said["at"]).astimezone(UTC)
    return f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}" data-rel>{at:%Y-%m-%d %H:%M} UTC</time>'


def filled(ready: bytes, notice: Json) -> bytes:
    """The ready page, with the notice in it."""
    page, said = ready.decode(), notice["updates"][::-1]
    found = re.search(r'data-words="([^"]*)"', page)
    words: dict[str, str] = json.loads(html.unescape(found[1])) if found else {}
    lines = "".join(
        f'<li class="update at-{one["status"]}" id="u-{one["id"]}"><p class="when">'
        f"<strong>{html.escape(words.get(one['status'], one['status']))}</strong> "
        f'<span class="meta">{moment(one)}</span></p><div class="prose" dir="auto">'
        f"<p>{html.escape(one['text']).replace(chr(10), '<br>')}</p></div></li>"
        for one in said
    )
    body = (
        f'<article id="i-{notice["id"]}" class="card incident unresolved-incident impact-{notice["impact"]}">'
        f'<header><h3 dir="auto">{html.escape(notice["name"])}</h3></header>'
        f'<ol class="timeline">{lines}</ol></article>'
    )
    written = html.escape(words.get("written", ""))
    top = f'<p class="notice" id="notice" role="status">{written} {moment(said[0])}</p>'
    page = re.sub(r"(?s)<!--emergency-->.*<!--/emergency-->", lambda _: body, page, count=1)
    if said[0]["status"] == "resolved":
        over = html.escape(words.get("resolved", ""))
        page = re.sub(r'(id="state">)[^<]*', lambda found: found[1] + over, page, count=1)
    return page.replace("<!--notice-->", top, 1).encode()


def shape(notice: Json, page: Json) -> Json:
    """The notice as an incident of Statuspage's API."""
    stamps = [one["at"].replace("+00:00", ".000Z") for one in notice["updates"]]
    updates = [
        {"id": one["id"], "status": one["status"], "body": one["text"], "incident_id": notice["id"]}
        | {"created_at": at, "updated_at": at, "display_at": at, "affected_components": None}
        | {"deliver_notifications": True, "custom_tweet": None, "tweet_id": None}
        for one, at in zip(notice["updates"], stamps)
    ][::-1]
    last = updates[0]
    return {
        "id": notice["id"],
        "name": notice["name"],
        "status": last["status"],
        "created_at": stamps[0],
        "updated_at": stamps[-1],
        "monitoring_at": next((at["created_at"] for at in updates if at["status"] == "monitoring"), None),
        "resolved_at": stamps[-1] if last["status"] == "resolved" else None,
        "impact": notice["impact"],
        "shortlink": page["url"],
        "started_at": stamps[0],
        "page_id": page["id"],
        "incident_updates": updates,
        "components": [],
        "reminder_intervals": None,
    }


def raised(members: Json, notice: Json, name: str) -> Json:
    """A document of `/api/v2` with the notice in it; its status of before is kept for the time after."""
    is_open = notice["updates"][-1]["status"] != "resolved"
    if "status" in members:
        before = members["status"].pop("published", members["status"])
        worse = RANKS.index(notice["impact"]) > RANKS.index(before["indicator"])
        said = {"indicator": notice["impact"], "description": IMPACTS[notice["impact"]]}
        members["status"] = said | {"published": before} if is_open and worse else before
    if "incidents" in members:
        others = [one for one in members["incidents"] if one["id"] != notice["id"]]
        mine = [shape(notice, members["page"])] if is_open or name == "incidents" else []
        members["incidents"] = mine + others
    return members


def in_widget(body: bytes, notice: Json) -> bytes:
    members, said = json.loads(body), notice["updates"][-1]
    state = members["words"].get(said["status"], said["status"])
    members["notices"].insert(0, {"id": notice["id"], "name": notice["name"], "state": state})
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def in_frame(body: bytes, notice: Json) -> bytes:
    said = notice["updates"][-1]
    told = f"{html.escape(notice['name'])}: {html.escape(said['text'])}"
    line = f'<a href="/" dir="auto">{told}</a> {moment(said)}'
    top = f'<p class="notice" id="notice" role="status">{line}</p>'
    return body.replace(b"<!--notice-->", top.encode(), 1)


def told_lines(notice: Json) -> list[str]:
    said = notice["updates"][::-1]
    times = [dt.datetime.fromisoformat(one["at"]).astimezone(UTC) for one in said]
    lines = [f"{one['status']}, {at:%Y-%m-%d %H:%M} UTC: {one['text']}" for one, at in zip(said, times)]
    return [notice["name"], *lines]


def in_text(body: bytes, notice: Json) -> bytes:
    return body + "\n".join(told_lines(notice)).encode() + b"\n"


def in_markdown(body: bytes, notice: Json) -> bytes:
    plain_lines = [re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text) for text in told_lines(notice)]
    quoted = "\n".join(f"> {one}" for text in plain_lines for one in [*text.split("\n"), ""])
    return body + b"\n" + quoted.encode() + b"\n"


# Besides the page: what stands in for these while a notice is open is ready, and the notice is put in.
FORMS: dict[str, Callable[[bytes, Json], bytes]] = {
    "badge.svg": lambda body, _notice: body,
    "badge-plain.svg": lambda body, _notice: body,
    "embed/widget.json": in_widget,
    "embed/frame": in_frame,
    "status.txt": in_text,
    "index.md": in_markdown,
}
# By a file's extension; only pages have none.
TYPES = {
    "": "text/html; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

# Telling ---------------------------------------------------------------------------------------------

CLOSED = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 168.63.129.16/32
    2001::/23 2001:db8::/32 2002::/16 3fff::/20
"""


def is_open(address: str, allowed: list[str]) -> bool:
    """Whether subscribers' addresses may lead there: the open internet, and what the installation allows."""
    found = ipaddress.ip_address(address.partition("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    if any(found in ipaddress.ip_network(one) for one in allowed):
        return True
    if found.version == 6 and found not in ipaddress.ip_network("2000::/3"):
        return False
    return not any(found in ipaddress.ip_network(one) for one in CLOSED.split())


def exchange(
    at: urllib.parse.SplitResult,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str],
    allowed: list[str] | None = None,
) -> tuple[int, bytes]:
    """(status, body) of one request, no redirect followed. With `allowed` to the open internet alone: what
    the name stands for is judged, and what was judged is dialled; the body does not matter then."""
    secure = at.scheme == "https"
    host, port = at.hostname or "", at.port or (443 if secure else 80)
    answers = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if allowed is not None and not all(is_open(one, allowed) for one in answers):
        raise OSError("this address is not on the open internet")
    line = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    line.sock = dialled(answers, port)
    if secure:
        line.sock = ssl.create_default_context().wrap_socket(line.sock, server_hostname=host)
    cut = threading.Timer(LONGEST, hang_up, [line.sock])
    cut.daemon = True
    cut.start()
    try:
        line.request(method, path, body, headers)
        answer = line.getresponse()
        return answer.status, answer.read(2**22) if allowed is None else b""
    finally:
        cut.cancel()
        line.close()


def hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not the method of a TLS socket, which another thread is reading from.
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def dialled(addresses: list[str], port: int) -> socket.socket:
    """A connection to the first that takes one."""
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, port), TIMEOUT)
    return socket.create_connection((addresses[-1], port), TIMEOUT)


def plain(page: Json, notice: Json) -> str:
    said = notice["updates"][-1]
    return f"{page['name']}: {notice['name']}\n{said['status'].capitalize()}: {said['text']}\n{page['url']}"


def unmarked(text: str) -> str:
    """Without what chats take for a mention, a link or a tag."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def card(text: str) -> Json:
    lines = [{"type": "TextBlock", "text": line, "wrap": True} for line in text.split("\n")]
    content = {"type": "AdaptiveCard", "version": "1.4", "body": lines}
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": content}]}


def whole(page: Json, notice: Json) -> Json:
    status = {"status_indicator": notice["impact"], "status_description": IMPACTS[notice["impact"]]}
    about = {"meta": {"generated_at": now().isoformat()}, "page": {"id": page["id"]} | status}
    return about | {"incident": shape(notice, page)}


PAYLOADS: dict[str, Callable[[Json, Json], Json]] = {
    "webhook": whole,
    "slack": lambda page, notice: {"text": unmarked(plain(page, notice))},
    "teams": lambda page, notice: card(plain(page, notice)),
    "discord": lambda page, notice: {
        "content": plain(page, notice)[:2000],
        "allowed_mentions": {"parse": []},
    },
    "google_chat": lambda page, notice: {"text": plain(page, notice).replace("<", "‹")},
}


def message_id(update: str, target: str) -> str:
    """The same for as often as it is sent, so that a receiver knows it again."""
    return "msg_" + hashlib.sha256(f"{update} {target}".encode()).hexdigest()[:24]


def send(page: Json, notice: Json, target: Json, allowed: list[str]) -> None:
    """Raises OSError in words where it was not taken."""
    body = json.dumps(PAYLOADS[target["channel"]](page, notice), ensure_ascii=False).encode()
    name, at = message_id(notice["updates"][-1]["id"], target["id"]), str(int(time.time()))
    headers = {"content-type": "application/json", "webhook-id": name, "webhook-timestamp": at}
    signatures = [mac(bytes.fromhex(key), f"{name}.{at}.".encode() + body) for key in target["keys"]]
    if signatures:
        headers["webhook-signature"] = " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures)
    url = urllib.parse.urlsplit(target["address"])
    path = url.path + (f"?{url.query}" if url.query else "") or "/"
    headers["host"] = url.netloc.rpartition("@")[2]
    for attempt in range(1, TRIES + 1):
        status, _body = exchange(url, "POST", path, body, headers, allowed)
        if status < 300:
            return
        if (status < 500 and status != 429) or attempt == TRIES:
            raise OSError(f"answered {status}")
        time.sleep(attempt)


Store = Union[Directory, Redis, Copy]


# What is done ----------------------------------------------------------------------------------------


class Desk:
    """A page's kit, the stores that can be reached, and what was done so far, which stays beside the kit."""

    def __init__(self, path: str) -> None:
        try:
            self.kit = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
            self.page, self.key = self.kit["page"], bytes.fromhex(self.kit["key"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Trouble(
                f"This is not a kit: {path} ({error}). Make one: manage.py emergency_kit"
            ) from error
        own = pathlib.Path(f"{path}.d")
        own.mkdir(mode=0o700, exist_ok=True)
        self.own, self.journal = Directory(self.page["id"], own), own / "journal"
        self.stores = [store for at in self.kit["stores"] for store in self.reached(at)]
        if not self.stores:
            raise Trouble("None of the kit's stores can be reached from here. Nothing was done.")

    def reached(self, at: Json) -> list[Store]:
        kinds: dict[str, Callable[..., Store]] = {"directory": Directory, "redis": Redis, "folder": Folder}
        kinds["bucket"] = Bucket
        try:
            return [kinds[at["kind"]](self.page["id"], at["at"])]
        except BROKEN as error:
            print(f"NOT REACHED  {at['kind']}: {error}")
            return []

    def read(self, what: str) -> list[bytes]:
        """Every copy, beside the kit and in the stores."""
        found = [self.own.read(what)]
        for store in self.stores:
            try:
                found.append(store.read(what))
            except BROKEN as error:
                print(f"NOT READ     {store.name}: {error}")
        return [raw for raw in found if raw]

    def log(self) -> Json:
        """The newest log that any place has."""
        found = self.read("json")
        logs = [log for log in (checked(self.key, self.page["id"], raw) for raw in found) if log]
        if len(logs) < len(found):
            print("NOTE  Some of what is stored was signed with another key, and does not count.")
        none: Json = {"page": self.page["id"], "serial": 0, "notices": []}
        return max(logs, key=lambda log: int(log["serial"]), default=none)

    def write(self, log: Json) -> None:
        raw = signed(self.key, log)
        self.own.write("json", raw, log)
        done = 0
        for store in self.stores:
            try:
                store.write("json", raw, log)
            except BROKEN as error:
                print(f"NOT WRITTEN  {store.name}: {error}")
            else:
                done += 1
                print(f"written      {store.name}")
        if not done:
            raise Trouble("The notice is nowhere on the page. Give the same command again.")

    def targets(self) -> list[Json]:
        for store in self.stores:
            try:
                sealed = store.document(f"{READY}targets.bin")
            except BROKEN as error:
                print(f"NOT READ     {store.name}: {error}")
                continue
            listed = unseal(self.key, "targets", sealed) if sealed else None
            if listed:
                return list(json.loads(listed))
        print("NOTE  No store has a list of webhooks and chats that this kit can read: nobody is told.")
        return []

    # Who has been told

    def told(self) -> dict[str, set[str]]:
        """Targets by update, as the stores and the journal beside the kit know them."""
        told: dict[str, set[str]] = {}
        for sealed in self.read("told"):
            for update, names in json.loads(unseal(self.key, "told", sealed) or b"{}").items():
                told.setdefault(update, set()).update(names)
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        for words in (line.split(" ") for line in lines):
            if len(words) == 4 and words[3] == "told":
                told.setdefault(words[1], set()).add(words[2])
        return told

    def note(self, update: str, target: str, word: str) -> None:
        """On disk before anything else happens."""
        with self.journal.open("a") as file:
            file.write(f"{now().isoformat()} {update} {target} {word}\n")
            file.flush()
            os.fsync(file.fileno())

    def keep_told(self, told: dict[str, set[str]]) -> None:
        sealed = seal(
            self.key, "told", json.dumps({one: sorted(names) for one, names in told.items()}).encode()
        )
        for store in (self.own, *self.stores):
            try:
                store.write("told", sealed, {})
            except BROKEN as error:
                print(f"NOT WRITTEN  who was told, {store.name}: {error}")


def wanting(targets: list[Json], notice: Json) -> list[Json]:
    """Those whom this update is for: from their least impact up; some want the first and the last alone."""
    edge = len(notice["updates"]) == 1 or notice["updates"][-1]["status"] == "resolved"
    loud = RANKS.index(notice["impact"])
    known = [one for one in targets if one["channel"] in PAYLOADS]
    return [one for one in known if RANKS.index(one["min_impact"]) <= loud and (edge or one["every"])]


def tell(desk: Desk, notice: Json, *, dry_run: bool) -> None:
    told, update = desk.told(), notice["updates"][-1]["id"]
    done = told.setdefault(update, set())
    left = [one for one in wanting(desk.targets(), notice) if one["id"] not in done]
    print(f"{len(left)} webhooks and chats to tell, {len(done)} told before.")
    if dry_run or not left:
        return

    def one(target: Json) -> tuple[Json, str]:
        desk.note(update, target["id"], "begun")
        try:
            send(desk.page, notice, target, desk.kit["allow_nets"])
        except (OSError, http.client.HTTPException, ValueError) as error:
            desk.note(update, target["id"], "failed")
            return target, str(error)
        desk.note(update, target["id"], "told")
        return target, ""

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as senders:
        for sent in concurrent.futures.as_completed([senders.submit(one, target) for target in left]):
            target, error = sent.result()
            host = urllib.parse.urlsplit(target["address"]).hostname
            failed += bool(error)
            print(f"{'NOT TOLD ' if error else 'told     '}    {target['channel']} {host} {error}".rstrip())
            if not error:
                done.add(target["id"])
                desk.keep_told(told)
    if failed:
        print(f"{failed} were not reached; `tell` tries them again, and so does the service when it is back.")


def going_on(log: Json) -> Json | None:
    """The notice that is not over, if there is one."""
    last = log["notices"][-1] if log["notices"] else None
    return last if last and last["updates"][-1]["status"] != "resolved" else None


def written(log: Json, asked: argparse.Namespace) -> Json:
    """The log as the command has it; unchanged where it says already what was asked."""
    last = log["notices"][-1] if log["notices"] else None
    said = last["updates"][-1] if last else None
    status = {"say": "investigating", "resolve": "resolved"}.get(asked.command, getattr(asked, "status", ""))
    if said and (said["text"], said["status"]) == (asked.text, status):
        print("The page says so already.")
        return log
    update = {"id": new_id(), "status": status, "at": now().isoformat(), "text": asked.text}
    begins, begun = asked.command == "say", going_on(log)
    if begins and begun:
        raise Trouble("There is a notice already: use `update` or `resolve`. `status` shows it.")
    if not begins and not begun:
        raise Trouble("There is no open notice: begin with `say`.")
    notice = begun or {"id": new_id(), "name": asked.name, "impact": asked.impact, "updates": []}
    until = (now() + dt.timedelta(hours=asked.hours)).isoformat()
    new = dict(notice, until=until, updates=[*notice["updates"], update][-MOST_UPDATES:])
    before = log["notices"] if begins else log["notices"][:-1]
    return dict(log, notices=[*before, new][-MOST_NOTICES:])


def extended(log: Json, asked: argparse.Namespace) -> Json:
    if not log["notices"]:
        raise Trouble("There is no notice.")
    until = (now() + dt.timedelta(hours=asked.hours)).isoformat()
    return dict(log, notices=[*log["notices"][:-1], dict(log["notices"][-1], until=until)])


def show(page: Json, log: Json) -> None:
    print(f"{page['name']}, {page['url']}")
    if not log["notices"]:
        print("No notice.")
    for notice in log["notices"]:
        over = "expired" if dt.datetime.fromisoformat(notice["until"]) <= now() else "shown"
        print(f"\n{notice['name']} ({notice['impact']}), {over} until {notice['until']}")
        for one in notice["updates"]:
            print(f"  {one['at']}  {one['status']}: {one['text']}")


def act(desk: Desk, asked: argparse.Namespace) -> None:
    log = desk.log()
    if asked.command in ("say", "update", "resolve"):
        new = written(log, asked)
    elif asked.command == "extend":
        new = extended(log, asked)
    else:
        new = log
    show(desk.page, new)
    if asked.command == "status":
        return
    print(f"\nPlaces: {', '.join(store.name for store in desk.stores)}")
    if asked.dry_run:
        print("Only a rehearsal: nothing is written, nobody is told.")
    elif not asked.yes and input("Type yes to go on: ").strip().lower() != "yes":
        raise Trouble("Nothing was done.")
    if not asked.dry_run and new["notices"] and asked.command != "tell":
        serial = log["serial"] if new == log else max(log["serial"] + 1, int(time.time()))
        desk.write(dict(new, serial=serial))
    if new["notices"] and asked.command != "extend":
        tell(desk, new["notices"][-1], dry_run=asked.dry_run)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kit", required=True, help="the file that manage.py emergency_kit made")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    helps = {"say": "begin a notice", "update": "go on", "resolve": "say that it is over"}
    helps |= {"extend": "show it for longer", "tell": "go on telling", "status": "what the page says now"}
    made = {name: commands.add_parser(name, help=text) for name, text in helps.items()}
    for one in (parser, *made.values()):
        # Before the command or behind it: what is not given says nothing.
        unsaid = False if one is parser else argparse.SUPPRESS
        one.add_argument("--yes", action="store_true", default=unsaid, help="do not ask before acting")
        one.add_argument("--dry-run", action="store_true", default=unsaid, help="show what would be done")
    for name in ("say", "update", "resolve"):
        made[name].add_argument("text", help="plain words, shown as they are")
    for name in ("say", "update", "resolve", "extend"):
        made[name].add_argument("--hours", type=float, default=6, help="how long it is shown (default: 6)")
    made["say"].add_argument("--name", default="Service disruption", help="its heading")
    made["say"].add_argument("--impact", choices=IMPACTS, default="major", help="default: major")
    made["update"].add_argument("--status", choices=STATUSES, default="investigating")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    if not 0 < getattr(asked, "hours", 1) <= 168:
        raise Trouble("A notice is shown between a minute and 168 hours.")
    for text, longest in ((getattr(asked, "text", "-"), 5000), (getattr(asked, "name", "-"), 120)):
        if not 0 < len(text.strip()) <= len(text) <= longest or UNSHOWN.search(text):
            raise Trouble(f"A text has 1 to {longest} characters, and nothing that cannot be shown.")
    if "\n" in getattr(asked, "name", ""):
        raise Trouble("A heading has one line.")
    act(Desk(asked.kit), asked)


if __name__ == "__main__":
    try:
        main()
    except (Trouble, OSError, http.client.HTTPException) as error:
        sys.exit(f"STOPPED  {error}")
    except (KeyboardInterrupt, EOFError):
        sys.exit("\nSTOPPED  Give the same command again to go on.")
