import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stakeholders", "0005_create_rules_of_procedure"),
        ("workflows", "0006_create_social_report"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="rules",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="stakeholders.rulesofprocedure",
                verbose_name="Rules of procedure",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="is_tie_decided_by_chair",
            field=models.BooleanField(default=False, verbose_name="Tie decided by the chair"),
        ),
        migrations.AddField(
            model_name="meeting",
            name="urgency",
            field=models.TextField(blank=True, verbose_name="Reason for the urgency"),
        ),
        migrations.RemoveConstraint(model_name="decision", name="decision_has_majority"),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_tie_decided_by_chair", False), ("yes_count__gt", models.F("no_count"))),
                    models.Q(
                        ("is_tie_decided_by_chair", True),
                        ("yes_count", models.F("no_count")),
                        ("yes_count__gte", 1),
                    ),
                    _connector="OR",
                ),
                name="decision_has_majority",
            ),
        ),
    ]
