import django.db.models.deletion
from django.db import migrations, models

import common.fields
import common.ids


class Migration(migrations.Migration):
    dependencies = [("incidents", "0003_for_machines"), ("pages", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    common.fields.PublicIdField(
                        default=common.ids.new_id,
                        editable=False,
                        max_length=32,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=255)),
                ("content", models.JSONField()),
                ("author_id", common.fields.PlainIdField(max_length=32)),
                ("publish_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to="incidents.incident",
                    ),
                ),
                (
                    "page",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to="pages.statuspage",
                    ),
                ),
            ],
            options={"ordering": ["-updated_at"]},
        ),
    ]
