"""Caches forget what was stored again: together, in their own words, and not for ever in vain."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from common.tenancy import in_tenant
from outbox import registry
from outbox.drain import drain
from outbox.models import OutboxItem
from outbox.queue import ATTEMPTS
from outbox.registry import Lane
from pages.actions import update_page
from pages.change import PUBLISH
from pages.models import StatusPage
from publishing import purging
from publishing.publish import COLD
from publishing.purging import PURGE, SETTLED, asking
from publishing.storage import store
from tenants.models import Tenant
from tests.clocks import Stopwatch
from tests.conftest import ACTOR
from tests.publishing.caches import CLOUDFLARE, CLOUDFLARE_REFUSAL, FASTLY_REFUSAL, Cache, Reply, cache

TOKEN = "a-secret-token"


@pytest.fixture(autouse=True)
def nothing_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "_silent_until", 0.0)


@pytest.fixture
def cloudflare(settings: Any) -> Iterator[Cache]:
    with cache(CLOUDFLARE) as running:
        use(settings, "cloudflare", running)
        yield running


def use(settings: Any, kind: str, running: Cache, method: str = "BAN") -> None:
    settings.PURGER, settings.PURGE_URLS, settings.PURGE_METHOD = kind, [running.url], method
    settings.PURGE_TOKEN, settings.PURGE_SERVICE_ID = TOKEN, "the-zone"


def publish(page: StatusPage) -> None:
    OutboxItem.objects.filter(topic=PUBLISH).update(due_at=timezone.now())
    drain([PUBLISH], only=(page_tenant(), page.pk))


def rows() -> Any:
    return OutboxItem.objects.filter(topic=PURGE)


def purge_now() -> int:
    rows().update(due_at=timezone.now())
    return drain([PURGE])


def settle(page: StatusPage) -> None:
    """Let what was published count as having reached every edge."""
    time.sleep(max(0.0, SETTLED.total_seconds() - age(page)))


def age(page: StatusPage) -> float:
    manifest = store().manifest(page.pk)
    assert manifest is not None
    return (timezone.now() - datetime.fromisoformat(manifest.published_at)).total_seconds()


def test_without_a_cache_nothing_is_asked_for(page: StatusPage) -> None:
    publish(page)

    assert store().manifest(page.pk) is not None
    assert not rows().exists()


def test_a_stored_page_is_purged_once_the_edges_have_it(cloudflare: Cache, page: StatusPage) -> None:
    publish(page)
    assert drain([PURGE]) == 0
    assert cloudflare.asked == []

    settle(page)
    purge_now()
    [asked] = cloudflare.asked
    assert (asked.method, asked.path) == ("POST", "/zones/the-zone/purge_cache")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.json == {"tags": [f"page-{page.pk}"]}
    assert not rows().exists()


def test_the_archive_is_purged_when_its_slices_are_stored(cloudflare: Cache, page: StatusPage) -> None:
    publish(page)
    settle(page)
    purge_now()
    registry.topic(COLD).handle([registry.Claimed(1, COLD, page_tenant(), f"{page.pk} c 0", 1, 1)])

    assert list(rows().values_list("key", flat=True)) == [page.pk]


def page_tenant() -> str:
    return str(Tenant.objects.get(slug="acme").pk)


def test_what_is_stored_while_the_purge_waits_is_purged_again(cloudflare: Cache, page: StatusPage) -> None:
    """An edge may have had the older version when the cache asked it in between."""
    publish(page)
    settle(page)
    update_page(page, ACTOR, description="A word more")
    publish(page)
    purge_now()

    assert len(cloudflare.asked) == 1
    [row] = rows()
    assert row.due_at > timezone.now()
    assert row.lease_token is None
    settle(page)
    purge_now()
    assert len(cloudflare.asked) == 2
    assert not rows().exists()


def test_pages_of_several_organisations_go_in_one_call(
    cloudflare: Cache, page: StatusPage, globex: Tenant
) -> None:
    with in_tenant(globex.id):
        other = StatusPage.objects.get()
        purging.purge_soon(globex.id, other.pk)
    purging.purge_soon(page_tenant(), page.pk)
    purge_now()

    assert [sorted(asked.json["tags"]) for asked in cloudflare.asked] == [
        sorted([f"page-{page.pk}", f"page-{other.pk}"])
    ]


def test_a_call_never_has_more_pages_than_the_strictest_takes(cloudflare: Cache, acme: Tenant) -> None:
    ids = [f"page{number:08d}" for number in range(purging.MOST + 50)]
    for page_id in ids:
        purging.purge_soon(acme.id, page_id)
    purge_now()

    tags = [asked.json["tags"] for asked in cloudflare.asked]
    assert [len(some) for some in tags] == [100, 50]
    assert sorted(tag for some in tags for tag in some) == sorted(f"page-{page_id}" for page_id in ids)


def test_fastly_is_asked_softly_by_surrogate_key(settings: Any, page: StatusPage) -> None:
    with cache({f"page-{page.pk}": "108-1391560174-974124"}) as fastly:
        use(settings, "fastly", fastly)
        purging.purge_soon(page_tenant(), page.pk)
        purge_now()

    [asked] = fastly.asked
    assert (asked.method, asked.path) == ("POST", "/service/the-zone/purge")
    assert asked.headers["fastly-key"] == TOKEN
    assert asked.headers["fastly-soft-purge"] == "1"
    assert asked.json == {"surrogate_keys": [f"page-{page.pk}"]}


def test_a_cache_of_ones_own_is_told_by_header_on_every_machine(settings: Any, page: StatusPage) -> None:
    with cache() as one, cache() as other:
        use(settings, "generic", one)
        settings.PURGE_URLS = [one.url, f"{other.url}/"]
        purging.purge_soon(page_tenant(), page.pk)
        purging.purge_soon(page_tenant(), "another12345")
        purge_now()

    for machine in (one, other):
        [asked] = machine.asked
        assert (asked.method, asked.path) == ("BAN", "/")
        assert sorted(asked.headers["surrogate-key"].split()) == sorted(
            [f"page-{page.pk}", "page-another12345"]
        )
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"


def test_or_address_by_address_at_every_host(settings: Any, page: StatusPage) -> None:
    publish(page)
    with cache() as own:
        own.usual = Reply(404)  # how some say that they do not keep it
        use(settings, "generic", own, "PURGE")
        purging.purge_soon(page_tenant(), page.pk)
        purge_now()

    hosts = {"acme.localhost", f"{page.pk}.localhost"}
    paths = {asked.path for asked in own.asked}
    assert {asked.method for asked in own.asked} == {"PURGE"}
    assert {asked.headers["host"] for asked in own.asked} == hosts
    assert {"/", "/api/v2/status.json", "/history.atom"} <= paths
    assert not [path for path in paths if path.startswith("/assets/")]
    assert len(own.asked) == len(paths) * len(hosts)


REFUSALS = [
    ("cloudflare", Reply(403, CLOUDFLARE_REFUSAL), "answered 403: ", "Authentication error"),
    ("cloudflare", Reply(200, CLOUDFLARE_REFUSAL), "did not purge", "Authentication error"),
    ("cloudflare", Reply(200, "nonsense"), "did not purge", "nonsense"),
    ("cloudflare", Reply(301, headers={"Location": "http://example.org/"}), "answered 301", "301"),
    ("fastly", Reply(401, FASTLY_REFUSAL), "answered 401", "credentials are missing"),
    ("fastly", Reply(500), "answered 500", "500"),
    ("generic", Reply(502), "answered 502", "502"),
    ("generic", Reply(429), "answered 429", "429"),
    ("generic", Reply(503, headers={"Retry-After": "soon"}), "answered 503", "503"),
]


@pytest.mark.parametrize(("kind", "reply", "words", "more"), REFUSALS)
def test_a_refusal_is_tried_again_and_told_without_the_token(
    settings: Any, page: StatusPage, kind: str, reply: Reply, words: str, more: str
) -> None:
    with cache(CLOUDFLARE) as running:
        use(settings, kind, running)
        running.replies = [reply]
        purging.purge_soon(page_tenant(), page.pk)
        purge_now()
        [row] = rows()
        assert words in row.last_error
        assert more in row.last_error
        assert TOKEN not in row.last_error
        assert row.attempts == 1

        purge_now()
        assert len(running.asked) == 2
    assert not rows().exists()


def test_what_fails_ten_times_is_left_to_a_person(cloudflare: Cache, page: StatusPage) -> None:
    cloudflare.usual = Reply(500, {"success": False})
    purging.purge_soon(page_tenant(), page.pk)
    for _ in range(ATTEMPTS):
        purge_now()

    assert rows().get().dead_at is not None
    assert purge_now() == 0
    cloudflare.usual = Reply(body=CLOUDFLARE)
    purging.purge_soon(page_tenant(), page.pk)
    purge_now()
    assert not rows().exists()


def in_a_minute() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(minutes=1, seconds=1), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", [lambda: "60", in_a_minute])
def test_a_pause_that_is_asked_for_is_kept_for_all_pages(
    cloudflare: Cache, page: StatusPage, status: int, wait: Any
) -> None:
    cloudflare.replies = [Reply(status, headers={"Retry-After": wait()})]
    purging.purge_soon(page_tenant(), page.pk)
    purge_now()
    [row] = rows()
    assert timedelta(seconds=50) < row.due_at - timezone.now() < timedelta(seconds=62)
    assert (row.attempts, row.last_error) == (0, "")

    purging.purge_soon(page_tenant(), "another12345")
    purge_now()
    assert len(cloudflare.asked) == 1
    assert {one.attempts for one in rows()} == {0}


def test_after_the_pause_it_is_done(cloudflare: Cache, page: StatusPage) -> None:
    cloudflare.replies = [Reply(429, headers={"Retry-After": "1"})]
    purging.purge_soon(page_tenant(), page.pk)
    purge_now()
    time.sleep(1.1)
    purge_now()

    assert len(cloudflare.asked) == 2
    assert not rows().exists()


def test_nobody_is_asked_to_wait_for_days(cloudflare: Cache, page: StatusPage) -> None:
    cloudflare.replies = [Reply(429, headers={"Retry-After": "999999999"})]
    purging.purge_soon(page_tenant(), page.pk)
    purge_now()

    assert rows().get().due_at < timezone.now() + timedelta(hours=1, seconds=1)


def test_a_cache_that_says_nothing_is_given_up_for_now(
    cloudflare: Cache, page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SILENCE", 0.3)
    cloudflare.replies = [Reply(pause=2)]
    purging.purge_soon(page_tenant(), page.pk)
    watch = Stopwatch()
    purge_now()

    assert watch.seconds < 1.5
    assert "timed out" in rows().get().last_error


def test_a_cache_that_is_not_there_is_told_as_such(
    settings: Any, cloudflare: Cache, page: StatusPage
) -> None:
    settings.PURGE_URLS = ["http://127.0.0.1:1"]
    purging.purge_soon(page_tenant(), page.pk)
    purge_now()

    assert "127.0.0.1:1 could not be asked: " in rows().get().last_error


def test_what_one_cache_refuses_keeps_nothing_else_from_being_purged(settings: Any, page: StatusPage) -> None:
    with cache() as one, cache() as other:
        one.replies[:] = [Reply(500, "no")]
        use(settings, "generic", one, "PURGE")
        settings.PURGE_URLS = [one.url, other.url]
        publish(page)
        OutboxItem.objects.filter(topic=PURGE).update(due_at=timezone.now())
        purge_now()
    assert len(other.asked) == len(one.asked) > 5
    assert "answered 500" in rows().get().last_error


def test_name_and_password_of_an_address_are_sent_and_never_told(settings: Any, page: StatusPage) -> None:
    with cache() as one:
        use(settings, "generic", one)
        settings.PURGE_TOKEN, settings.PURGE_URLS = "", [one.url.replace("://", "://ada:s%40crit@")]
        purging.purge_soon(page_tenant(), page.pk)
        purge_now()
        assert one.asked[0].headers["authorization"] == f"Basic {b64encode(b'ada:s@crit').decode()}"
    purging.purge_soon(page_tenant(), page.pk)
    purge_now()
    said = rows().get().last_error
    assert "could not be asked" in said
    assert "crit" not in said


def test_publishing_has_no_lane_with_purging() -> None:
    assert registry.topic(PURGE).lane is Lane.PURGE
    assert registry.topics(Lane.PURGE) == [PURGE]


def test_a_purger_that_is_taken_away_leaves_nothing_to_do(
    settings: Any, cloudflare: Cache, page: StatusPage
) -> None:
    purging.purge_soon(page_tenant(), page.pk)
    settings.PURGER = "none"
    purge_now()

    assert not rows().exists()
    assert cloudflare.asked == []
