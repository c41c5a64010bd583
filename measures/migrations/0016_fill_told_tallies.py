from django.db import migrations


def forget_day(apps, schema_editor):
    """What was kept so far does not say how others are told of reports: it is counted anew at the next look."""
    apps.get_model("measures", "FundingTally").objects.update(counted_on=None)


class Migration(migrations.Migration):
    dependencies = [("measures", "0015_add_report_writers")]

    operations = [migrations.RunPython(forget_day, migrations.RunPython.noop)]
