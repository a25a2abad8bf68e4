"""The public web server: a small ASGI application over the store. No Django, no database."""

from edge.app import Edge

__all__ = ["Edge"]
