from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stakeholders", "0004_add_manage_catalogue"),
    ]

    operations = [
        migrations.CreateModel(
            name="RulesOfProcedure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="In force from")),
                (
                    "quorum_share",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0.50"),
                        max_digits=3,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1),
                        ],
                        verbose_name="Quorum (share of voting members)",
                    ),
                ),
                (
                    "majority",
                    models.CharField(
                        choices=[
                            ("simple", "simple: more yes than no"),
                            ("present", "absolute: more than half of those who take part"),
                            ("all", "absolute: more than half of all voting members"),
                            ("two_thirds", "two thirds of the yes and no votes"),
                        ],
                        default="simple",
                        max_length=15,
                        verbose_name="Majority",
                    ),
                ),
                (
                    "tie",
                    models.CharField(
                        choices=[("fails", "is a no"), ("chair", "is decided by the vote of the chair")],
                        default="fails",
                        max_length=10,
                        verbose_name="Tie",
                    ),
                ),
                ("allows_circulated", models.BooleanField(default=False, verbose_name="Circulated decisions")),
                (
                    "notice_days",
                    models.PositiveSmallIntegerField(
                        default=0,
                        validators=[django.core.validators.MaxValueValidator(90)],
                        verbose_name="Notice period in days",
                    ),
                ),
                (
                    "source",
                    models.CharField(blank=True, max_length=300, verbose_name="Where it is laid down"),
                ),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="Reason")),
                ("entered_at", models.DateTimeField(auto_now_add=True, verbose_name="Entered")),
                (
                    "body",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rules",
                        to="stakeholders.body",
                        verbose_name="Body",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Entered by",
                    ),
                ),
            ],
            options={
                "verbose_name": "Rules of procedure",
                "verbose_name_plural": "Rules of procedure",
                "ordering": ["body", "-valid_from"],
                "constraints": [
                    models.UniqueConstraint(fields=("body", "valid_from"), name="rules_once_per_day"),
                    models.CheckConstraint(
                        condition=models.Q(("quorum_share__gte", 0), ("quorum_share__lte", 1)),
                        name="rules_quorum_is_share",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("majority__in", ["simple", "present", "all", "two_thirds"])),
                        name="rules_majority_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tie__in", ["fails", "chair"])), name="rules_tie_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tie", "fails"), ("majority", "simple"), _connector="OR"),
                        name="rules_chair_breaks_simple_ties",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("notice_days__lte", 90)), name="rules_notice_within_limit"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GroupQuorum",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("district", "District"),
                            ("municipality", "Municipality"),
                            ("planning_unit", "Social planning unit"),
                            ("department", "Department"),
                            ("statistics_office", "Statistics office"),
                            ("jobcenter", "Jobcenter"),
                            ("association", "Welfare association"),
                            ("provider", "Provider"),
                            ("funder", "Funder"),
                            ("adviser", "Adviser of the funder"),
                        ],
                        max_length=20,
                        verbose_name="Group",
                    ),
                ),
                (
                    "least_count",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="At least",
                    ),
                ),
                (
                    "least_share",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=3,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0.01")),
                            django.core.validators.MaxValueValidator(1),
                        ],
                        verbose_name="At least this share",
                    ),
                ),
                (
                    "rules",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="group_quorums",
                        to="stakeholders.rulesofprocedure",
                        verbose_name="Rules of procedure",
                    ),
                ),
            ],
            options={
                "verbose_name": "Quorum of a group",
                "verbose_name_plural": "Quorums of groups",
                "ordering": ["rules", "kind"],
                "constraints": [
                    models.UniqueConstraint(fields=("rules", "kind"), name="group_quorum_once_per_kind"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("least_count__gte", 1),
                                ("least_count__isnull", False),
                                ("least_share__isnull", True),
                            ),
                            models.Q(
                                ("least_count__isnull", True),
                                ("least_share__gt", 0),
                                ("least_share__isnull", False),
                                ("least_share__lte", 1),
                            ),
                            _connector="OR",
                        ),
                        name="group_quorum_is_count_or_share",
                    ),
                ],
            },
        ),
    ]
