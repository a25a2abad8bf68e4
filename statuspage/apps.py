import time

from django.apps import AppConfig

from common import moments

# Checks register themselves; the Celery application exists wherever Django does, for shared tasks.
from statuspage import checks
from statuspage.celery import app as celery_app

__all__ = ["celery_app", "checks"]


# When this process began, by its own clock.
BEGAN = time.monotonic()


class StatuspageConfig(AppConfig):
    name = "statuspage"
    verbose_name = "Status page service"

    def ready(self) -> None:
        moments.read_quickly()
