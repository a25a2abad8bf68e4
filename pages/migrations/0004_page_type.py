from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pages", "0003_cadence")]
    operations = [
        migrations.AddField(
            model_name="statuspage",
            name="page_type",
            field=models.CharField(
                choices=[
                    ("public", "Everybody"),
                    ("team", "Members of the team"),
                    ("audience", "People who are named"),
                ],
                default="public",
                help_text="A page that is not for everybody shows nothing but that, and tells nobody.",
                max_length=10,
                verbose_name="who may read it",
            ),
        ),
        migrations.AddConstraint(
            model_name="statuspage",
            constraint=models.CheckConstraint(
                condition=models.Q(("page_type__in", ["public", "team", "audience"])),
                name="page_type_is_known",
            ),
        ),
    ]
