from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("importing", "0002_into")]
    operations = [
        migrations.AddField(
            model_name="pageimport",
            name="language",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
    ]
