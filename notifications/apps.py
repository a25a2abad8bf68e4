from importlib import import_module

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        """Checks register themselves, once models can be imported."""
        import_module("notifications.checks")
