import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stakeholders", "0010_fill_former_deputies"),
        ("viewflow", "0015_task_scheduled"),
        ("workflows", "0017_drop_field_of_version"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Cosigning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "order",
                    models.CharField(
                        choices=[
                            ("parallel", "all at once"),
                            ("sequence", "one after the other, in this order"),
                        ],
                        default="parallel",
                        max_length=10,
                        verbose_name="Order",
                    ),
                ),
                ("due_on", models.DateField(verbose_name="Answers until")),
                ("note", models.TextField(blank=True, verbose_name="Note to those who are asked")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="Planned")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="Begun")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="Ended")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Asked for by",
                    ),
                ),
                (
                    "recommendation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cosignings",
                        to="workflows.recommendation",
                        verbose_name="Recommendation",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cosignings",
                        to="workflows.recommendationversion",
                        verbose_name="Version",
                    ),
                ),
            ],
            options={
                "verbose_name": "Co-signing",
                "verbose_name_plural": "Co-signings",
                "ordering": ["recommendation", "pk"],
            },
        ),
        migrations.CreateModel(
            name="CosignRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(verbose_name="Position")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "not asked yet"),
                            ("asked", "asked"),
                            ("answered", "answered"),
                            ("silent", "has not answered"),
                            ("called_off", "called off"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="State",
                    ),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="Answer until")),
                ("asked_at", models.DateTimeField(blank=True, null=True, verbose_name="Asked")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="Ended")),
                (
                    "cosigning",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requests",
                        to="workflows.cosigning",
                        verbose_name="Co-signing",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stakeholders.organisation",
                        verbose_name="Organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "Request to co-sign",
                "verbose_name_plural": "Requests to co-sign",
                "ordering": ["cosigning", "position"],
            },
        ),
        migrations.CreateModel(
            name="CosigningProcess",
            fields=[
                (
                    "process_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="viewflow.process",
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="process",
                        to="workflows.cosignrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "Course of a co-signing",
                "verbose_name_plural": "Courses of co-signings",
            },
            bases=("viewflow.process",),
        ),
        migrations.CreateModel(
            name="CosignAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("cosigned", "co-signed"),
                            ("commented", "co-signed with a comment"),
                            ("dissent", "dissent"),
                        ],
                        max_length=10,
                        verbose_name="Answer",
                    ),
                ),
                ("comment", models.TextField(blank=True, verbose_name="Comment")),
                ("answered_at", models.DateTimeField(auto_now_add=True, verbose_name="Answered")),
                (
                    "answered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Answered by",
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answer",
                        to="workflows.cosignrequest",
                        verbose_name="Request to co-sign",
                    ),
                ),
            ],
            options={
                "verbose_name": "Answer of a co-signer",
                "verbose_name_plural": "Answers of co-signers",
                "ordering": ["request"],
            },
        ),
        migrations.AddConstraint(
            model_name="cosigning",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("recommendation",),
                name="one_open_cosigning_per_recommendation",
            ),
        ),
        migrations.AddConstraint(
            model_name="cosigning",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("started_at__isnull", True), ("version__isnull", True)),
                    models.Q(("started_at__isnull", False), ("version__isnull", False)),
                    _connector="OR",
                ),
                name="cosigning_begun_names_its_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="cosignrequest",
            constraint=models.UniqueConstraint(
                fields=("cosigning", "organisation"), name="cosigner_asked_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="cosignrequest",
            constraint=models.UniqueConstraint(fields=("cosigning", "position"), name="cosign_position_once"),
        ),
        migrations.AddConstraint(
            model_name="cosignanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verdict", "cosigned"), models.Q(("comment", ""), _negated=True), _connector="OR"
                ),
                name="cosign_comment_is_written",
            ),
        ),
    ]
