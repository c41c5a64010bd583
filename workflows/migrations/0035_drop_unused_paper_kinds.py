from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0034_fill_internal_assignments")]

    operations = [
        migrations.AlterField(
            model_name="issuedpaper",
            name="kind",
            field=models.CharField(
                choices=[("minutes", "Minutes"), ("extract", "Extract of a decision")],
                max_length=20,
                verbose_name="Kind",
            ),
        ),
    ]
