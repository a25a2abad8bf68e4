from tests.mailing import subscribed

__all__ = ["subscribed"]
