
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("measures", "0005_add_plan_imports"),
        ("workflows", "0041_add_evaluation_waiver"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="itemoutcome",
            name="outcome_thing_of_its_kind",
        ),
        migrations.AddField(
            model_name="itemoutcome",
            name="abstain_count",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="Abstentions"),
        ),
        migrations.AddField(
            model_name="itemoutcome",
            name="is_carried",
            field=models.BooleanField(blank=True, null=True, verbose_name="Carried"),
        ),
        migrations.AddField(
            model_name="itemoutcome",
            name="no_count",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="No"),
        ),
        migrations.AddField(
            model_name="itemoutcome",
            name="yes_count",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="Yes"),
        ),
        migrations.AlterField(
            model_name="itemoutcome",
            name="kind",
            field=models.CharField(
                choices=[
                    ("note", "Note"),
                    ("statement", "Statement"),
                    ("field", "Field of action"),
                    ("recommendation", "Recommendation"),
                    ("task", "Task"),
                    ("postponed", "Postponed"),
                    ("decision", "Decision on the item"),
                ],
                max_length=15,
                verbose_name="Kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="itemoutcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["note", "postponed", "decision"]),
                        ("statement__isnull", True),
                        ("field__isnull", True),
                        ("recommendation__isnull", True),
                        ("assignment__isnull", True),
                    ),
                    models.Q(
                        ("assignment__isnull", True),
                        ("field__isnull", True),
                        ("kind", "statement"),
                        ("recommendation__isnull", True),
                        ("statement__isnull", False),
                    ),
                    models.Q(
                        ("assignment__isnull", True),
                        ("field__isnull", False),
                        ("kind", "field"),
                        ("recommendation__isnull", True),
                        ("statement__isnull", True),
                    ),
                    models.Q(
                        ("assignment__isnull", True),
                        ("field__isnull", True),
                        ("kind", "recommendation"),
                        ("recommendation__isnull", False),
                        ("statement__isnull", True),
                    ),
                    models.Q(
                        ("assignment__isnull", False),
                        ("field__isnull", True),
                        ("kind", "task"),
                        ("recommendation__isnull", True),
                        ("statement__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="outcome_thing_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="itemoutcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "decision"),
                        models.Q(("text", ""), _negated=True),
                        ("abstain_count__isnull", False),
                        ("is_carried__isnull", False),
                        ("no_count__isnull", False),
                        ("yes_count__isnull", False),
                    ),
                    models.Q(
                        models.Q(("kind", "decision"), _negated=True),
                        ("abstain_count__isnull", True),
                        ("is_carried__isnull", True),
                        ("no_count__isnull", True),
                        ("yes_count__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="outcome_decision_has_votes",
            ),
        ),
    ]
