from importlib import import_module

from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "publishing"

    def ready(self) -> None:
        """Checks register themselves, once models can be imported."""
        import_module("publishing.checks")
