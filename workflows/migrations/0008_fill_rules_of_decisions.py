from django.db import migrations
from django.db.models import OuterRef, Subquery


def name_rules(apps, schema_editor):
    """Name the only rules each body has had so far as those its decisions were counted under."""
    versions = apps.get_model("stakeholders", "RulesOfProcedure").objects
    first = versions.filter(body=OuterRef("body")).order_by("valid_from").values("pk")[:1]
    decisions = apps.get_model("workflows", "Decision").objects
    decisions.filter(rules__isnull=True).update(rules=Subquery(first))


def unname_rules(apps, schema_editor):
    """Let go of the versions, which the reverse of their own migration deletes."""
    apps.get_model("workflows", "Decision").objects.update(rules=None)


class Migration(migrations.Migration):
    dependencies = [
        ("stakeholders", "0006_fill_rules_of_procedure"),
        ("workflows", "0007_add_rules_to_decision"),
    ]

    operations = [migrations.RunPython(name_rules, unname_rules)]
