"""How many deliveries of a notification are in which state, counted as they change: reading costs nothing."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION public.notifications_state(status text, attempts int, attempts_before int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN status NOT IN ('pending', 'leased') THEN status
                WHEN attempts - (status = 'leased')::int > attempts_before THEN 'retrying'
                ELSE 'pending' END
$$;
CREATE FUNCTION public.notifications_count_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.notifications_tally AS tally (notification_id, backend, state, number)
    SELECT notification_id, pg_backend_pid(), public.notifications_state(status, attempts, attempts_before),
           count(*)
      FROM new_rows GROUP BY 1, 3 ORDER BY 1, 3
    ON CONFLICT (notification_id, backend, state) DO UPDATE SET number = tally.number + excluded.number;
    RETURN NULL;
END $$;
CREATE FUNCTION public.notifications_count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.notifications_tally AS tally (notification_id, backend, state, number)
    SELECT notification_id, pg_backend_pid(), state, sum(step)
      FROM (SELECT notification_id, public.notifications_state(status, attempts, attempts_before) AS state,
                   1 AS step FROM new_rows
            UNION ALL
            SELECT notification_id, public.notifications_state(status, attempts, attempts_before), -1
              FROM old_rows) AS moved
     GROUP BY 1, 3 HAVING sum(step) <> 0 ORDER BY 1, 3
    ON CONFLICT (notification_id, backend, state) DO UPDATE SET number = tally.number + excluded.number;
    RETURN NULL;
END $$;
CREATE TRIGGER notifications_count_new AFTER INSERT ON public.notifications_delivery
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.notifications_count_new();
CREATE TRIGGER notifications_count_changed AFTER UPDATE ON public.notifications_delivery
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.notifications_count_changed();
INSERT INTO public.notifications_tally (notification_id, backend, state, number)
SELECT notification_id, 0, public.notifications_state(status, attempts, attempts_before), count(*)
  FROM public.notifications_delivery GROUP BY 1, 3;
"""
BACKWARD = """
DROP TRIGGER notifications_count_changed ON public.notifications_delivery;
DROP TRIGGER notifications_count_new ON public.notifications_delivery;
DROP FUNCTION public.notifications_count_changed();
DROP FUNCTION public.notifications_count_new();
DROP FUNCTION public.notifications_state(text, int, int);
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_sms_numbers")]
    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("backend", models.IntegerField()),
                ("state", models.CharField(max_length=10)),
                ("number", models.BigIntegerField()),
                (
                    "notification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tallies",
                        to="notifications.notification",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("notification", "backend", "state"), name="tally_once")
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
