"""`manage.py create_page NAME --tenant T`: add a status page to an organisation."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify

from common.errors import Refused
from common.tenancy import in_tenant
from events.actor import SYSTEM
from pages.actions import create_page
from pages.links import page_url
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Add an empty status page to an organisation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="its title, such as “Example status”")
        parser.add_argument("--tenant", required=True, help="address name of the organisation")
        parser.add_argument("--slug", default="", help="address name of the page; else made from its title")
        parser.add_argument("--time-zone", default="UTC", help="such as Europe/Berlin")

    def handle(self, *_args: Any, **options: Any) -> None:
        owner = Tenant.objects.filter(slug=options["tenant"]).first()
        if owner is None:
            message = f"There is no organisation “{options['tenant']}”."
            raise CommandError(message)
        name, slug = options["name"], options["slug"] or slugify(options["name"])[:40]
        try:
            with in_tenant(owner.pk):
                page = create_page(SYSTEM, name=name, slug=slug, time_zone=options["time_zone"])
        except Refused as refused:
            raise CommandError(refused.message) from None
        self.stdout.write(f"{page.name} is at {page_url(page)}/, empty so far.")
