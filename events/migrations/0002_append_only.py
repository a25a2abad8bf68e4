"""Events stay: a trigger refuses UPDATE and DELETE, except that facts may be set to null (redaction)."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION events_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.facts IS NULL
       AND to_jsonb(NEW) - 'facts' = to_jsonb(OLD) - 'facts' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Events are append-only: % of event % refused.', TG_OP, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER events_event_stays BEFORE UPDATE OR DELETE ON events_event
    FOR EACH ROW EXECUTE FUNCTION events_event_stays();
"""
BACKWARD = """
DROP TRIGGER events_event_stays ON events_event;
DROP FUNCTION events_event_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
