from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0044_create_amendment_process"),
    ]

    operations = [
        migrations.AddField(
            model_name="agreementcommitment",
            name="party_name",
            field=models.CharField(default="", max_length=200, verbose_name="Name of the party"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="targetagreement",
            name="field_title",
            field=models.CharField(default="", max_length=220, verbose_name="Field of action"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="targetagreement",
            name="measure_number",
            field=models.CharField(default="", max_length=30, verbose_name="Number of the measure"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="targetagreement",
            name="measure_title",
            field=models.CharField(default="", max_length=200, verbose_name="Title of the measure"),
            preserve_default=False,
        ),
    ]
