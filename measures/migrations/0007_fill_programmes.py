from django.db import migrations


def name_programmes(apps, schema_editor):
    """Each funder's programmes, so far texts on its projects, become rows of their own."""
    programmes = apps.get_model("measures", "Programme").objects
    for project in apps.get_model("measures", "FundedProject").objects.filter(programme_row=None):
        project.programme_row, _is_new = programmes.get_or_create(
            funder_id=project.funder_id,
            title=project.programme,
            defaults={"is_example": project.is_example},
        )
        project.save(update_fields=["programme_row"])


def write_titles(apps, schema_editor):
    """Back: the text on the project again."""
    for project in apps.get_model("measures", "FundedProject").objects.select_related("programme_row"):
        project.programme = project.programme_row.title
        project.save(update_fields=["programme"])


class Migration(migrations.Migration):
    dependencies = [("measures", "0006_create_grants")]

    operations = [migrations.RunPython(name_programmes, write_titles)]
