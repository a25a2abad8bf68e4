from django.db import migrations, models

_TIMES = """
    UPDATE incidents_postmortem
       SET draft_at = CASE WHEN draft = '' THEN NULL ELSE updated_at END, body_at = published_at
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_cadence")]
    operations = [
        migrations.AddField(
            model_name="incident", name="metadata", field=models.JSONField(blank=True, default=dict)
        ),
        migrations.AddField(
            model_name="incidenttemplate", name="group_id", field=models.CharField(blank=True, max_length=32)
        ),
        migrations.AddField(
            model_name="postmortem",
            name="draft_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="postmortem",
            name="body_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(_TIMES, migrations.RunSQL.noop),
    ]
