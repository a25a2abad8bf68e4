from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_storage")]
    operations = [
        migrations.AddField(
            model_name="delivery", name="summarises", field=models.JSONField(db_default=[], default=list)
        ),
    ]
