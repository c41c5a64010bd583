from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workflows', '0026_create_polls'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('meeting__isnull', True), ('poll__isnull', False), ('vote_kind', 'circulated')), models.Q(models.Q(('vote_kind', 'circulated'), _negated=True), ('meeting__isnull', False)), _connector='OR'), name='decision_in_meeting_or_circulated'),
        ),
    ]
