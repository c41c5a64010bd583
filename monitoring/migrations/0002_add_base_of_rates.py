import re

import django.db.models.deletion
from django.db import migrations, models

# "je 1.000 Einw.", "pro 100 000", "per 1,000 inhabitants"
_PER = re.compile(r"\b(?:je|pro|per)\s+(1[0., \u00a0\u202f]*0)\b", re.IGNORECASE)


def fill_per(apps, schema_editor):
    """Units say in words to how many they are related; from now on a number says it too."""
    for unit in apps.get_model("monitoring", "Unit").objects.filter(is_count=False, is_percent=False):
        found = _PER.search(unit.symbol_de) or _PER.search(unit.symbol_en)
        if found:
            unit.per = int(re.sub(r"\D", "", found[1]))
            unit.save(update_fields=["per"])


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0001_create_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="unit",
            name="per",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="Related to so many"),
        ),
        migrations.AddField(
            model_name="indicator",
            name="denominator",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rates",
                to="monitoring.indicator",
                verbose_name="Related to",
            ),
        ),
        migrations.RunPython(fill_per, migrations.RunPython.noop),
    ]
