import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pages", "0002_sms_every_update")]
    operations = [
        migrations.AddField(
            model_name="statuspage",
            name="remind_after",
            field=models.PositiveSmallIntegerField(
                default=30,
                help_text="Minutes that an open incident may go without an update; 0: nobody is reminded.",
                validators=[
                    django.core.validators.RegexValidator(
                        "^(0|[1-9]\\d+|[5-9])$", "Remind after 5 minutes at the earliest, or never: 0."
                    ),
                    django.core.validators.MaxValueValidator(1440),
                ],
                verbose_name="remind after",
            ),
        ),
        migrations.AddField(
            model_name="statuspage",
            name="remind_before",
            field=models.PositiveSmallIntegerField(
                default=5,
                help_text="Minutes before a promised update is due; 0: nobody is reminded.",
                validators=[django.core.validators.MaxValueValidator(120)],
                verbose_name="remind before",
            ),
        ),
    ]
