from django.db import migrations

#: Kinds of organisations as they were when source groups came; all others belong to the administration.
_GROUPS = {
    "association": "providers",
    "provider": "providers",
    "funder": "other",
    "adviser": "other",
}


def name_groups(apps, schema_editor):
    """Each statement comes from the group of its organisation; how sure it is, nobody can say for it."""
    statements = apps.get_model("workflows", "Statement").objects.filter(source_group="")
    for kind, group in _GROUPS.items():
        statements.filter(organisation__kind=kind).update(source_group=group)
    statements.update(source_group="administration")


class Migration(migrations.Migration):
    dependencies = [("workflows", "0011_add_expert_knowledge")]

    # Back: the column goes with its own migration.
    operations = [migrations.RunPython(name_groups, migrations.RunPython.noop)]
