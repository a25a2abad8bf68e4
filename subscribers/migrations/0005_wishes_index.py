from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0004_lists")]
    operations = [
        migrations.AddIndex(
            model_name="subscriber",
            index=models.Index(
                fields=[
                    *("page", "scope", "channel", "wants_incidents", "wants_maintenance"),
                    *("min_impact", "cadence", "since_version"),
                ],
                condition=models.Q(state="active"),
                name="subscriber_wishes",
            ),
        ),
    ]
