from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0016_fill_fields_of_versions"),
    ]

    operations = [
        migrations.RemoveField(model_name="recommendationversion", name="field"),
    ]
