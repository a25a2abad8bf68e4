"""What `manage.py seed` makes."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from common.tenancy import in_tenant
from components.actions import create_component, create_group, set_status
from events.actor import SYSTEM
from incidents.actions.incident import backfill_incident, open_incident, post_update
from incidents.steps import Words
from pages.actions import create_page
from pages.models import StatusPage
from tenants.actions import create_tenant
from tenants.models import Tenant, User


def seed_staff(email: str, password: str) -> User | None:
    """The person who signs in first; None where none is asked for."""
    if not email or not password:
        return None
    found = User.objects.filter(email=email).first()
    return found or User.objects.create_superuser(email, password, name="Administrator")


def seed_demo(owner: User | None) -> bool:
    return False


def seed_acme(owner: User | None) -> bool:
    """An organisation whose page has one of everything, in mid-incident. False where it is there."""
    if Tenant.objects.filter(slug="acme").exists():
        return False
    tenant = create_tenant("Acme", "acme", owner=owner)
    with in_tenant(tenant.id):
        page = create_page(
            SYSTEM,
            name="Acme Cloud",
            slug="acme",
            time_zone="Europe/Berlin",
            description="Storage and compute for people who build rockets.",
            support_url="mailto:support@example.com",
            company_url="https://example.com",
            accent="#0f766e",
            accent_dark="#2dd4bf",
        )
        _components(page)
    return True


def _components(page: StatusPage) -> None:
    platform = create_group(page, SYSTEM, name="Platform")
    create_component(page, SYSTEM, name="Website", purpose="Read about our products and sign up.")
    api = create_component(
        page, SYSTEM, name="API", group=platform, purpose="Everything that your programs call."
    )
    storage = create_component(
        page, SYSTEM, name="Object storage", group=platform, purpose="Keep and fetch files."
    )
    create_component(page, SYSTEM, name="Compute", group=platform, purpose="Run your containers.")
    ended = timezone.now() - timedelta(days=3)
    backfill_incident(
        page,
        SYSTEM,
        name="Uploads failed in one region",
        started_at=ended - timedelta(minutes=47),
        resolved_at=ended,
        body="A network change cut off one of three storage nodes. It has been rolled back.",
        components={storage.pk: "partial_outage"},
    )
    set_status(page, {storage.pk: "operational"}, SYSTEM)
    incident = open_incident(
        page,
        SYSTEM,
        Words(
            "investigating",
            "Requests to the API take longer than usual.",
            components={api.pk: "degraded_performance"},
        ),
        name="Slow answers from the API",
        started_at=timezone.now() - timedelta(minutes=25),
    )
    post_update(
        page,
        incident,
        SYSTEM,
        Words("identified", "A database index is being rebuilt.", components={api.pk: "partial_outage"}),
        next_update_by=timezone.now() + timedelta(minutes=30),
    )
