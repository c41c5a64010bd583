from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0003_create_reasons")]

    operations = [
        migrations.AddField(
            model_name="planningcycle",
            name="abandon_reason",
            field=models.TextField(blank=True, default="", verbose_name="Reason for giving it up"),
        ),
    ]
