import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0002_no_code_hash"), ("viewers", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="subscriber",
            name="page_access_user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="subscribers",
                to="viewers.pageaccessuser",
            ),
        ),
    ]
