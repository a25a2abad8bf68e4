"""Deliveries change status a few times each: room on their pages for that, and vacuum before it matters."""

from django.db import migrations

FORWARD = """
ALTER TABLE notifications_delivery SET (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
"""
BACKWARD = """
ALTER TABLE notifications_delivery RESET (
    fillfactor, autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor
);
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
