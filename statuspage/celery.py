"""The Celery application: pools and wake-ups. What is due is a row in the outbox."""

import gc
import os

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")

app = Celery("statuspage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Building a page makes tens of thousands of objects, all of which live until it is published.
_OBJECTS_A_COLLECTION = 20_000


@worker_ready.connect
def spare_the_collector(**_signal: object) -> None:
    """What is there at the start stays. Looking through it cost every fourth publishing 0.1 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_A_COLLECTION)
