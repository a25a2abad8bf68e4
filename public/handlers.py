"""What the outbox asks of this app."""

from outbox.registry import Lane, register_source
from public.folding import fold

register_source(Lane.NOTIFY, fold)
