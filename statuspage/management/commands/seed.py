"""First content for a new installation: a person to sign in, a real page, and one in mid-incident."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from statuspage import env
from statuspage.seeding import seed_acme, seed_demo, seed_staff
from tenants.models import Installation


class Command(BaseCommand):
    help = "Fill a new installation with its first sign-in and two pages. Does nothing where they are."

    def handle(self, *args: Any, **options: Any) -> None:
        person = seed_staff(env.text("FIRST_RUN_EMAIL"), env.text("FIRST_RUN_PASSWORD"))
        installation, _new = Installation.objects.get_or_create(id=1)
        for name, seed in (("demo", seed_demo), ("acme", seed_acme)):
            if name in installation.seeded:
                continue
            seed(person)
            installation.seeded = [*installation.seeded, name]
            installation.save(update_fields=["seeded"])
            self.stdout.write(f"Made the organisation {name} with its page.")
