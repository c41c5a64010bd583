from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("stakeholders", "0006_fill_rules_of_procedure"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="body", name="body_quorum_is_share"),
        migrations.RemoveField(model_name="body", name="quorum_share"),
    ]
