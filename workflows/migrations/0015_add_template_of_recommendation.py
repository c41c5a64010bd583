import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0014_create_room"),
        ("measures", "0001_create_tables"),
    ]

    operations = [
        # Its reverse name goes to the many fields that follow it; the next two files move the rows and drop it.
        migrations.AlterField(
            model_name="recommendationversion",
            name="field",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="measures.fieldofaction",
                verbose_name="Field of action",
            ),
        ),
        migrations.AddField(
            model_name="recommendationversion",
            name="alternatives",
            field=models.TextField(blank=True, verbose_name="What else was considered"),
        ),
        migrations.AddField(
            model_name="recommendationversion",
            name="cost_from",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=12,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="Cost from (euros)",
            ),
        ),
        migrations.AddField(
            model_name="recommendationversion",
            name="cost_kind",
            field=models.CharField(
                choices=[
                    ("unknown", "not estimated yet"),
                    ("none", "no cost"),
                    ("once", "once"),
                    ("yearly", "every year"),
                ],
                default="unknown",
                max_length=10,
                verbose_name="Rough cost",
            ),
        ),
        migrations.AddField(
            model_name="recommendationversion",
            name="cost_to",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=12,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="Cost up to (euros)",
            ),
        ),
        migrations.AddField(
            model_name="recommendationversion",
            name="fields",
            field=models.ManyToManyField(
                blank=True,
                related_name="recommendation_versions",
                to="measures.fieldofaction",
                verbose_name="Fields of action",
            ),
        ),
        migrations.AddField(
            model_name="recommendationversion",
            name="file_reference",
            field=models.CharField(blank=True, max_length=100, verbose_name="File reference"),
        ),
        migrations.AddField(
            model_name="recommendationversion",
            name="need",
            field=models.TextField(
                blank=True,
                help_text="Who lacks what, and for how many people does it matter?",
                verbose_name="Need",
            ),
        ),
        migrations.AddField(
            model_name="recommendationversion",
            name="urgency",
            field=models.CharField(
                blank=True,
                choices=[
                    ("at_once", "at once"),
                    ("this_year", "this year"),
                    ("within_cycle", "within the cycle"),
                ],
                max_length=15,
                verbose_name="Urgency",
            ),
        ),
        migrations.AddConstraint(
            model_name="recommendationversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cost_kind__in", ("once", "yearly")),
                    models.Q(("cost_from__isnull", True), ("cost_to__isnull", True)),
                    _connector="OR",
                ),
                name="version_amount_belongs_to_a_cost",
            ),
        ),
        migrations.AddConstraint(
            model_name="recommendationversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cost_from__isnull", True),
                    ("cost_to__isnull", True),
                    ("cost_from__lte", models.F("cost_to")),
                    _connector="OR",
                ),
                name="version_cost_from_not_above_to",
            ),
        ),
    ]
