
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("workflows", "0010_create_agenda"),
        ('monitoring', '0009_add_kinds_of_imports'),
        ('stakeholders', '0010_fill_former_deputies'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='statement',
            name='confidence',
            field=models.CharField(blank=True, choices=[('sure', 'sure'), ('likely', 'likely'), ('guess', 'a guess')], max_length=10, verbose_name='How sure'),
        ),
        migrations.AddField(
            model_name='statement',
            name='source_group',
            field=models.CharField(choices=[('administration', 'Administration and Jobcenter'), ('providers', 'Providers and associations'), ('residents', 'Residents'), ('school', 'School and childcare'), ('health', 'Health care'), ('order', 'Police and public order'), ('politics', 'Politics'), ('other', 'Other sources')], default='', max_length=15, verbose_name='Source group'),
        ),
        migrations.CreateModel(
            name='StatementFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(max_length=300, upload_to='statements/%Y/%m/', verbose_name='Stored file')),
                ('file_name', models.CharField(max_length=200, verbose_name='Name of the file')),
                ('size', models.PositiveIntegerField(verbose_name='Size in bytes')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('added_at', models.DateTimeField(auto_now_add=True, verbose_name='Added')),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Added by')),
                ('statement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='workflows.statement', verbose_name='Statement')),
            ],
            options={
                'verbose_name': 'File of a statement',
                'verbose_name_plural': 'Files of statements',
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('statement', 'sha256'), name='statement_file_once'), models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='statement_file_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='UrgencyProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(choices=[('very_high', 'very high urgency'), ('high', 'high urgency'), ('medium', 'medium urgency'), ('low', 'low urgency'), ('as_index', 'as the index says')], max_length=10, verbose_name='Urgency')),
                ('reason', models.TextField(verbose_name='Reason')),
                ('proposed_at', models.DateTimeField(auto_now_add=True, verbose_name='Entered')),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='urgency_proposals', to='monitoring.area', verbose_name='Area')),
                ('body', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='urgency_proposals', to='stakeholders.body', verbose_name='Body')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='urgency_proposals', to='workflows.planningcycle', verbose_name='Planning cycle')),
                ('meeting', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='urgency_proposals', to='workflows.meeting', verbose_name='Meeting')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Entered by')),
            ],
            options={
                'verbose_name': 'Proposed urgency',
                'verbose_name_plural': 'Proposed urgencies',
                'ordering': ['-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='urgency_has_reason'), models.CheckConstraint(condition=models.Q(('level__in', ['very_high', 'high', 'medium', 'low', 'as_index'])), name='urgency_level_known')],
            },
        ),
    ]
