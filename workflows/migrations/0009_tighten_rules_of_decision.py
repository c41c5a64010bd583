import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0008_fill_rules_of_decisions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="decision",
            name="rules",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="stakeholders.rulesofprocedure",
                verbose_name="Rules of procedure",
            ),
        ),
    ]
