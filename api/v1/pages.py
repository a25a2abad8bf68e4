"""Status pages, and how their widget looks."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from api.operations import Call, Takes, operation
from api.paging import PAGED, part
from api.schema.pages import COLOURS, EMBED_COLOURS, KEPT, WAYS, Embed, EmbedInput, Page, PageInput
from common.errors import Refused
from common.instants import utc_seconds
from notifications.models import MailSender
from notifications.senders import Sender, clean_address, set_sender
from pages.actions import update_page
from pages.choices import PageType
from pages.links import page_url
from pages.models import Asset, StatusPage
from tenants.models import Domain, DomainKind, Role, Scope

_ONE, _EMBED = "pages/{page_id}", "pages/{page_id}/status_embed_config"
_LOOK = Takes(EmbedInput, "status_embed_config")
# Name in the API -> column.
_SAME = {
    "name": "name",
    "page_description": "description",
    "subdomain": "slug",
    "url": "company_url",
    "support_url": "support_url",
    "time_zone": "time_zone",
    "hidden_from_search": "noindex",
}
_FROM = "notifications_from_email"
_LINKS = "css_link_color"


@operation("GET", "pages", Scope.READ, Role.VIEWER, gives=Page, many=True, parameters=PAGED)
def list_pages(call: Call) -> Any:
    """The pages that the key sees."""
    pages = StatusPage.objects.present().select_related("logo_light", "favicon").order_by("name", "pk")
    if call.access.key.page_ids:
        pages = pages.filter(pk__in=call.access.key.page_ids)
    return _shapes(part(call, pages))


@operation("GET", _ONE, Scope.READ, Role.VIEWER, gives=Page)
def get_page(call: Call, page: StatusPage) -> Any:
    """One page."""
    return _shapes([page])[0]


@operation("PATCH PUT", _ONE, Scope.ADMIN, Role.ADMIN, takes=Takes(PageInput, "page"), gives=Page)
def change_page(call: Call, page: StatusPage) -> Any:
    """Change a page. What is not said stays."""
    data, now = call.data, _shapes([page])[0]
    if data.get("domain", now["domain"]) != now["domain"]:
        message = "A domain is not set here: it has to be proved first."
        raise Refused(message, "domain")
    fields = {column: data[name] for name, column in _SAME.items() if name in data}
    if any(_allow(way) in data for way in WAYS):
        fields["closed_ways"] = [way for way in WAYS if not data.get(_allow(way), now[_allow(way)])]
    if _LINKS in data:
        fields["accent"] = _full(data[_LINKS])
    if kept := {name: data[name] for name in KEPT if name in data}:
        fields["kept"] = page.kept | kept
    if "viewers_must_be_team_members" in data:
        fields["page_type"] = _type(page, data["viewers_must_be_team_members"])
    moves = data.get(_FROM, now[_FROM]) != now[_FROM]
    # Refused before anything is changed, not in between.
    address = clean_address(data[_FROM], _FROM) if moves else ""
    changed = update_page(page, call.actor, **fields)
    if moves:
        _set_address(call, page, address)
    return _shapes([changed])[0]


@operation("GET", _EMBED, Scope.READ, Role.VIEWER, gives=Embed)
def get_embed(call: Call, page: StatusPage) -> Any:
    """How the page's widget looks as a banner on other sites."""
    return _embed(page)


@operation("PATCH PUT", _EMBED, Scope.ADMIN, Role.ADMIN, takes=_LOOK, gives=Embed)
def change_embed(call: Call, page: StatusPage) -> Any:
    """Change how the page's widget looks. What is not said stays; an empty colour is the widget's own."""
    return _embed(update_page(page, call.actor, embed=page.embed | dict(call.data)))


def _set_address(call: Call, page: StatusPage, address: str) -> None:
    """Mail comes from there once its domain is proved."""
    former = MailSender.objects.filter(page_id=page.pk).first() or MailSender()
    set_sender(page, call.actor, Sender(former.name, address, former.reply_to))


def _allow(way: str) -> str:
    return f"allow_{way}_subscribers"


def _type(page: StatusPage, team: bool) -> str:
    """A page for people who are named stays one: they are not let in by a word about the team."""
    if team:
        return PageType.TEAM
    return PageType.PUBLIC if page.page_type == PageType.TEAM else str(page.page_type)


def _full(colour: str) -> str:
    """As a page has it: # and six digits, or empty."""
    digits = colour.removeprefix("#").lower()
    digits = "".join(one * 2 for one in digits) if len(digits) == 3 else digits
    return f"#{digits}" if digits else ""


def _links(page: StatusPage) -> str:
    """The page's own colour, as it was said here if it still is that."""
    said = str(page.kept.get(_LINKS, ""))
    return said if _full(said) == page.accent else page.accent


def _embed(page: StatusPage) -> dict[str, Any]:
    fallback = {"position": "bottom-right"} | dict.fromkeys(EMBED_COLOURS, "")
    return {"page_id": page.pk, **fallback, **page.embed}


def _shapes(pages: list[StatusPage]) -> list[dict[str, Any]]:
    """Queries: a fixed number."""
    ids = [one.pk for one in pages]
    domains = Domain.objects.filter(page_id__in=ids, kind=DomainKind.CUSTOM).order_by("-primary", "host")
    custom = dict(reversed(domains.values_list("page_id", "host")))
    senders = dict(MailSender.objects.filter(page_id__in=ids).values_list("page_id", "address"))
    return [_shape(one, custom.get(one.pk, ""), senders.get(one.pk, "")) for one in pages]


def _shape(page: StatusPage, domain: str, sender: str) -> dict[str, Any]:
    return {
        "id": page.pk,
        "created_at": utc_seconds(page.created_at),
        "updated_at": utc_seconds(page.updated_at),
        **{name: getattr(page, column) for name, column in _SAME.items()},
        "headline": "",
        "branding": "basic",
        "domain": domain,
        **{_allow(way): way not in page.closed_ways for way in WAYS},
        "allow_rss_atom_feeds": True,
        "notifications_from_email": sender or settings.DEFAULT_FROM_EMAIL,
        "notifications_email_footer": "",
        "activity_score": 0,
        **dict.fromkeys(("twitter_username", "ip_restrictions", "city", "state", "country")),
        "viewers_must_be_team_members": page.page_type == PageType.TEAM,
        **dict.fromkeys(COLOURS, ""),
        **_images(page),
        **page.kept,
        _LINKS: _links(page),
    }


def _images(page: StatusPage) -> dict[str, str]:
    def url(asset: Asset | None) -> str:
        return f"{page_url(page)}{asset.path}" if asset else ""

    logo = url(page.logo_light)
    cover = dict.fromkeys(("transactional_logo", "email_logo"), logo)
    return {"favicon_logo": url(page.favicon), "hero_cover": "", "twitter_logo": "", **cover}
