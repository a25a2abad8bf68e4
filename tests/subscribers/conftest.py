from tests.mailing import mail, subscribed

__all__ = ["mail", "subscribed"]
