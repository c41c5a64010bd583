from django.db import migrations
from django.db.models import F


def fill_day(apps, schema_editor):
    """Until now the day that was given was the one asked for."""
    given = apps.get_model("measures", "ReportExtension").objects.filter(is_granted=True)
    given.filter(granted_until__isnull=True).update(granted_until=F("wanted_until"))


class Migration(migrations.Migration):
    dependencies = [("measures", "0018_add_day_granted")]

    operations = [migrations.RunPython(fill_day, migrations.RunPython.noop)]
