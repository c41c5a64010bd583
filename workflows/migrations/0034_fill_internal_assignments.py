from django.db import migrations


def mark_internal(apps, schema_editor):
    """What was noted as internal when it was given has been internal from the beginning."""
    outcomes = apps.get_model("workflows", "ItemOutcome").objects.filter(
        is_internal=True, assignment__isnull=False
    )
    assignments = apps.get_model("workflows", "Assignment").objects
    assignments.filter(pk__in=outcomes.values("assignment")).update(is_internal=True)


class Migration(migrations.Migration):
    dependencies = [("workflows", "0033_add_internal_assignments")]

    # Back: the column goes with its own migration.
    operations = [migrations.RunPython(mark_internal, migrations.RunPython.noop)]
