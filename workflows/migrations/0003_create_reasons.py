import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

#: The audit log alone held these reasons before there was a table.
ACTION = "recommendation.left_without_measure"


def copy_from_log(apps, schema_editor):
    """Copy what planning said from the audit log, which keeps its entries."""
    recommendations = set(apps.get_model("workflows", "Recommendation").objects.values_list("pk", flat=True))
    entries = apps.get_model("stakeholders", "LogEntry").objects.filter(action=ACTION, user__isnull=False)
    reasons = apps.get_model("workflows", "NoMeasureReason").objects
    reasons.bulk_create(
        reasons.model(
            recommendation_id=entry.object_id,
            reason=entry.data["reason"],
            given_by_id=entry.user_id,
            given_at=entry.at,
        )
        for entry in entries.order_by("pk")
        if entry.object_id in recommendations and entry.data.get("reason")
    )


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0002_add_decision_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NoMeasureReason",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.TextField(verbose_name="Reason")),
                ("given_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="Given")),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Given by",
                    ),
                ),
                (
                    "recommendation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="no_measure_reasons",
                        to="workflows.recommendation",
                        verbose_name="Recommendation",
                    ),
                ),
            ],
            options={
                "verbose_name": "Reason for no measure",
                "verbose_name_plural": "Reasons for no measure",
                "ordering": ["-given_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="no_measure_has_reason"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestReopening",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("waive_reason", models.TextField(verbose_name="Reason for going on without it")),
                ("reason", models.TextField(verbose_name="Reason")),
                ("reopened_at", models.DateTimeField(auto_now_add=True, verbose_name="Reopened")),
                (
                    "reopened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Reopened by",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reopenings",
                        to="workflows.datarequest",
                        verbose_name="Requested delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "Reopening of a requested delivery",
                "verbose_name_plural": "Reopenings of requested deliveries",
                "ordering": ["-reopened_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="reopening_has_reason"
                    )
                ],
            },
        ),
        # The log entries stay: there is nothing to move back.
        migrations.RunPython(copy_from_log, migrations.RunPython.noop),
    ]
