from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_language")]
    operations = [
        migrations.CreateModel(
            name="Blueprint",
            fields=[
                ("migrations", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("script", models.TextField()),
            ],
        ),
    ]
