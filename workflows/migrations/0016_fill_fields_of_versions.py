from django.db import migrations


def many_of_one(apps, schema_editor):
    """The one field of action of a version becomes the first of many."""
    versions = apps.get_model("workflows", "RecommendationVersion")
    links = versions.fields.through.objects
    links.bulk_create(
        versions.fields.through(recommendationversion_id=pk, fieldofaction_id=field_pk)
        for pk, field_pk in versions.objects.filter(field__isnull=False).values_list("pk", "field_id")
    )


def one_of_many(apps, schema_editor):
    """Back: the first by number stays; a version with several loses the others."""
    versions = apps.get_model("workflows", "RecommendationVersion")
    links = versions.fields.through.objects.order_by("recommendationversion", "-fieldofaction__number")
    for pk, field_pk in links.values_list("recommendationversion_id", "fieldofaction_id"):
        versions.objects.filter(pk=pk).update(field=field_pk)
    versions.fields.through.objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0015_add_template_of_recommendation"),
    ]

    operations = [migrations.RunPython(many_of_one, one_of_many)]
