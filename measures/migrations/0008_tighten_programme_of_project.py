import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("measures", "0007_fill_programmes")]

    operations = [
        migrations.RemoveConstraint("fundedproject", "project_once_per_funder_and_programme"),
        migrations.AlterModelOptions(
            name="fundedproject",
            options={
                "verbose_name": "Funded project",
                "verbose_name_plural": "Funded projects",
                "permissions": [("track_fundedproject", "Follow the funded project")],
            },
        ),
        # A column that must be filled cannot come back empty.
        migrations.AlterField("fundedproject", "programme", models.CharField(default="", max_length=120)),
        migrations.RemoveField("fundedproject", "programme"),
        migrations.RenameField("fundedproject", "programme_row", "programme"),
        migrations.AlterField(
            "fundedproject",
            "programme",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="projects",
                to="measures.programme",
                verbose_name="Funding programme",
            ),
        ),
        migrations.AlterModelOptions(
            name="fundedproject",
            options={
                "verbose_name": "Funded project",
                "verbose_name_plural": "Funded projects",
                "ordering": ["programme__title", "title"],
                "permissions": [("track_fundedproject", "Follow the funded project")],
            },
        ),
        migrations.AddConstraint(
            "fundedproject",
            models.UniqueConstraint(
                fields=("measure", "funder", "programme"), name="project_once_per_funder_and_programme"
            ),
        ),
    ]
