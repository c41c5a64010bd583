from django.db import migrations


def mark_programmes(apps, schema_editor):
    """What there is already is marked as changed, so that it is counted at the first look."""
    change = apps.get_model("measures", "FundingChange")
    cells = apps.get_model("measures", "FundedProject").objects.order_by()
    found = cells.values_list("programme_id", "measure__plan__territory_id").distinct()
    change.objects.bulk_create(
        [change(programme_id=programme, territory_id=territory) for programme, territory in found]
    )


class Migration(migrations.Migration):
    dependencies = [("measures", "0013_add_funding_portfolio")]

    operations = [migrations.RunPython(mark_programmes, migrations.RunPython.noop)]
