from django.db import migrations
from django.utils import timezone
from viewflow.workflow.token import Token

WAIT = "workflows/flows.measure.MeasureFlow.wait_for_move"


def add_waits(apps, schema_editor):
    """Let the cases under way wait for a told state, as new ones do from their start."""
    task = apps.get_model("viewflow", "Task")
    cases = apps.get_model("workflows", "MeasureProcess").objects.filter(finished__isnull=True)
    for pk in cases.values_list("pk", flat=True):
        task.objects.create(
            process_id=pk,
            flow_task=WAIT,
            flow_task_type="EVENT",
            status="NEW",
            token=Token("start"),
            created=timezone.now(),
        )


def drop_waits(apps, schema_editor):
    apps.get_model("viewflow", "Task").objects.filter(flow_task=WAIT, status="NEW").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("measures", "0002_add_integrated_plan"),
        ("viewflow", "0015_task_scheduled"),
        ("workflows", "0036_add_questions_and_corrections"),
    ]

    operations = [migrations.RunPython(add_waits, drop_waits)]
