from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OutboxConfig(AppConfig):
    name = "outbox"

    def ready(self) -> None:
        """Each app registers the topics it handles in its `handlers.py`."""
        autodiscover_modules("handlers")
