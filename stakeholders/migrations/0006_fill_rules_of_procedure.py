from django.db import migrations
from django.db.models import Min
from django.utils import timezone


def begin_rules(apps, schema_editor):
    """Write the first version of each body: its quorum, and what was the same for all until then."""
    rules = apps.get_model("stakeholders", "RulesOfProcedure").objects
    today = timezone.localdate()
    for body in apps.get_model("stakeholders", "Body").objects.annotate(first=Min("memberships__starts_on")):
        # Nothing was decided before the first seat began.
        begins_on = min(body.first or today, today)
        rules.create(body=body, valid_from=begins_on, quorum_share=body.quorum_share)


def put_back_quorum(apps, schema_editor):
    """Give each body the quorum of its latest version; other rules have no place there and are lost."""
    rules = apps.get_model("stakeholders", "RulesOfProcedure").objects
    for version in rules.order_by("valid_from").select_related("body"):
        version.body.quorum_share = version.quorum_share
        version.body.save(update_fields=["quorum_share"])
    rules.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("stakeholders", "0005_create_rules_of_procedure"),
    ]

    operations = [migrations.RunPython(begin_rules, put_back_quorum)]
