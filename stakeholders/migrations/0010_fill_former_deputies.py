import datetime

from django.db import migrations
from django.utils import timezone

#: The audit log alone knew former deputies before there was a table.
ACTION = "seat.deputy_changed"


def copy_from_log(apps, schema_editor):
    """Copy who stood in before each change; entries of old that hold names instead of keys are left out."""
    seats = dict(apps.get_model("stakeholders", "BodyMembership").objects.values_list("pk", "starts_on"))
    people = set(apps.get_model("stakeholders", "User").objects.values_list("pk", flat=True))
    former = apps.get_model("stakeholders", "FormerDeputy").objects
    entries = apps.get_model("stakeholders", "LogEntry").objects.filter(action=ACTION)
    seen = set()
    for entry in entries.order_by("pk"):
        until_on = timezone.localdate(entry.at) - datetime.timedelta(days=1)
        deputy = entry.data.get("former_id")
        is_known = "former_id" in entry.data and (deputy is None or deputy in people)
        # Of several changes on a day the first tells who stood in until the day before.
        if (entry.object_id, until_on) in seen or not is_known or entry.object_id not in seats:
            continue
        seen.add((entry.object_id, until_on))
        if seats[entry.object_id] <= until_on:
            former.create(seat_id=entry.object_id, deputy_id=deputy, until_on=until_on)


class Migration(migrations.Migration):
    dependencies = [
        ("stakeholders", "0009_create_former_deputy"),
    ]

    operations = [
        # The log entries stay: there is nothing to move back.
        migrations.RunPython(copy_from_log, migrations.RunPython.noop)
    ]
