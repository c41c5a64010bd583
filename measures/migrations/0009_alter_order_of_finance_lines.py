from django.db import migrations, models


class Migration(migrations.Migration):
    """Lines for the whole term come first on every database."""

    dependencies = [("measures", "0008_tighten_programme_of_project")]

    operations = [
        migrations.AlterModelOptions(
            name="financeline",
            options={
                "ordering": ["measure", "kind", models.OrderBy(models.F("year"), nulls_first=True), "pk"],
                "verbose_name": "Line of cost or funding",
                "verbose_name_plural": "Lines of cost and funding",
            },
        ),
    ]
