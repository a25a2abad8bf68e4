from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="incident",
            name="reminded_until",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
