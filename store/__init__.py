"""Published documents: bodies by their hash, and per page and view one manifest that only goes forward.

No Django and no database: whoever serves pages needs nothing but this.
"""

from store.ahead import Ahead
from store.documents import PUBLIC, Document, Entry, HostEntry, Hosts, Manifest
from store.errors import StoreError
from store.messages import CHANNEL, EMERGENCY, Change
from store.shared import connect
from store.store import Store

__all__ = [
    "CHANNEL",
    "EMERGENCY",
    "PUBLIC",
    "Ahead",
    "Change",
    "Document",
    "Entry",
    "HostEntry",
    "Hosts",
    "Manifest",
    "Store",
    "StoreError",
    "connect",
]
