from django.db import migrations

import common.fields


class Migration(migrations.Migration):
    dependencies = [("importing", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="pageimport",
            name="into_id",
            field=common.fields.PlainIdField(blank=True, db_default="", default="", max_length=32),
        ),
    ]
