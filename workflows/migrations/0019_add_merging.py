import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0018_create_cosigning"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="recommendation",
            name="merged_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="Merged"),
        ),
        migrations.AddField(
            model_name="recommendation",
            name="merged_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Merged by",
            ),
        ),
        migrations.AddField(
            model_name="recommendation",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_from",
                to="workflows.recommendation",
                verbose_name="Merged into",
            ),
        ),
        migrations.AlterField(
            model_name="recommendation",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("proposed", "before the conference"),
                    ("submitted", "before the steering group"),
                    ("returned", "returned to the conference"),
                    ("postponed", "postponed"),
                    ("approved", "approved"),
                    ("conditional", "approved with conditions"),
                    ("rejected", "rejected"),
                    ("withdrawn", "withdrawn"),
                    ("merged", "merged into another"),
                ],
                default="draft",
                max_length=15,
                verbose_name="State",
            ),
        ),
        migrations.AddConstraint(
            model_name="recommendation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_at__isnull", False), ("merged_into__isnull", False), ("state", "merged")
                    ),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                    _connector="OR",
                ),
                name="recommendation_merged_names_its_heir",
            ),
        ),
    ]
