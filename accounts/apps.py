from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Checks register themselves, once models can be imported."""
        import_module("accounts.checks")
