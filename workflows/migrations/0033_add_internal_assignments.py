from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0032_create_poll_condition")]

    operations = [
        migrations.AddField(
            model_name="assignment",
            name="is_internal",
            field=models.BooleanField(default=False, verbose_name="Internal"),
        ),
    ]
