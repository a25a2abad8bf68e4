from typing import Any

from django.db import migrations


def vouch(apps: Any, schema_editor: Any) -> None:
    """People who signed in before addresses were verified go on doing so."""
    user_model = apps.get_model("tenants", "User")
    address_model = apps.get_model("account", "EmailAddress")
    known = user_model.objects.filter(emailaddress=None).values_list("pk", "email")
    address_model.objects.bulk_create(
        address_model(user_id=pk, email=email, primary=True, verified=True) for pk, email in known
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("tenants", "0001_initial"),
    ]
    operations = [migrations.RunPython(vouch, migrations.RunPython.noop)]
