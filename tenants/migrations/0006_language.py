from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_sms_limits")]
    operations = [
        migrations.AddField(
            model_name="user", name="language", field=models.CharField(blank=True, max_length=10)
        ),
        migrations.AlterField(
            model_name="membership",
            name="wants_reminders",
            field=models.BooleanField(
                default=True,
                help_text="Mail about what waits for the team.",
                verbose_name="wants reminders",
            ),
        ),
    ]
