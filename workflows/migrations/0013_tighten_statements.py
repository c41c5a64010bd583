
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0009_add_kinds_of_imports'),
        ('stakeholders', '0010_fill_former_deputies'),
        ('workflows', '0012_fill_source_groups'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='statement',
            name='source_group',
            field=models.CharField(choices=[('administration', 'Administration and Jobcenter'), ('providers', 'Providers and associations'), ('residents', 'Residents'), ('school', 'School and childcare'), ('health', 'Health care'), ('order', 'Police and public order'), ('politics', 'Politics'), ('other', 'Other sources')], max_length=15, verbose_name='Source group'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.CheckConstraint(condition=models.Q(('source_group__in', ['administration', 'providers', 'residents', 'school', 'health', 'order', 'politics', 'other'])), name='statement_source_group_known'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.CheckConstraint(condition=models.Q(('confidence__in', ['', 'sure', 'likely', 'guess'])), name='statement_confidence_known'),
        ),
    ]
