from django.apps import AppConfig

# The Celery application exists wherever Django does, so that shared tasks find it.
from statuspage.celery import app as celery_app

__all__ = ["celery_app"]


class StatuspageConfig(AppConfig):
    name = "statuspage"
    verbose_name = "Status page service"
