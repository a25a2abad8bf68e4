import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_invitations")]
    operations = [
        migrations.AddField(
            "tenant",
            "sms_countries",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=2), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            "tenant",
            "sms_daily_cap",
            models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True),
        ),
    ]
