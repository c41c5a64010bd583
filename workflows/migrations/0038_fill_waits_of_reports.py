from django.db import migrations
from django.utils import timezone

WAIT = "workflows/flows.report.ReportFlow.wait_for_call_off"


def add_waits(apps, schema_editor):
    """Let the reports under way wait for being called off, as new ones do from their start."""
    task = apps.get_model("viewflow", "Task")
    cases = apps.get_model("workflows", "ReportProcess").objects.filter(finished__isnull=True)
    for pk in cases.values_list("pk", flat=True):
        task.objects.create(
            process_id=pk,
            flow_task=WAIT,
            flow_task_type="EVENT",
            status="NEW",
            token="start",  # noqa: S106  the engine's word for the first branch
            created=timezone.now(),
        )


def drop_waits(apps, schema_editor):
    apps.get_model("viewflow", "Task").objects.filter(flow_task=WAIT, status="NEW").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("measures", "0003_add_closing_of_rounds"),
        ("viewflow", "0015_task_scheduled"),
        ("workflows", "0037_add_steering_of_measures"),
    ]

    operations = [migrations.RunPython(add_waits, drop_waits)]
