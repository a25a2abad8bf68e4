from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pages", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="statuspage",
            name="sms_every_update",
            field=models.BooleanField(
                default=False,
                help_text="Otherwise only when an incident opens or is resolved, and when maintenance begins.",
                verbose_name="every update by SMS",
            ),
        ),
    ]
