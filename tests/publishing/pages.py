"""Every kind of document of a sample page, and a server that answers with them as the edge does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from publishing import render
from publishing.rendering import badges, embed
from publishing.snapshot import Snapshot
from store import Document
from tests.publishing import notices, samples

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
EVERY_KIND = (
    "/",
    "/incidents/k3v9x2m1q8za",
    "/incidents/c2h8r1f3j9lu",
    "/incidents/m2z4x6c8v0bn",
    "/incidents/m6s2k8i4p0ed",
    "/history",
    "/uptime",
    "/components/cmp000000010",
    "/about",
    "/nothing-here",
)


def cold_documents(snapshot: Snapshot) -> list[Document]:
    page = snapshot.page
    shown = (
        notices.open_incident(),
        notices.ended_incident(),
        notices.upcoming_maintenance(),
        notices.cancelled_maintenance(),
    )
    return [
        *(render.render_incident(page, notice) for notice in shown),
        render.render_month(page, samples.month()),
        render.render_uptime_month(page, samples.uptime_month()),
        render.render_component(page, samples.component_page()),
        render.render_about(page, samples.about()),
        render.render_not_found(page),
        render.render_unavailable(page),
        render.render_kept(page),
    ]


def documents_of(snapshot: Snapshot) -> dict[str, Document]:
    page = snapshot.page
    hot = [*render.render_hot(snapshot), *embed.documents(snapshot), *badges.of_page(snapshot)]
    made = [*cold_documents(snapshot), *hot, *render.assets(page)]
    return {document.path: document for document in made}


@contextmanager
def served(snapshot: Snapshot, more: Sequence[Document] = ()) -> Iterator[str]:
    """The address of a server for `snapshot` and `more`, as strict about content as the edge."""
    documents = documents_of(snapshot) | {one.path: one for one in more}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/events":
                self.send_error(204)
                return
            document = documents.get(path, documents[render.NOT_FOUND_PATH])
            self.send_response(document.status)
            self.send_header("Content-Type", document.content_type)
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", str(len(document.body)))
            self.end_headers()
            self.wfile.write(document.body)

        def log_message(self, *_args: object) -> None:
            """A browser's requests are no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
