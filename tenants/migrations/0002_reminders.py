from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="membership",
            name="wants_reminders",
            field=models.BooleanField(
                default=True,
                help_text="Mail about incidents that wait for an update.",
                verbose_name="wants reminders",
            ),
        ),
    ]
