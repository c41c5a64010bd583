import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('measures', '0014_fill_tallies'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ProjectReportWriter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField(auto_now_add=True, verbose_name='Since')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Person')),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='writers', to='measures.projectreport', verbose_name='Report of a project')),
            ],
            options={
                'verbose_name': 'Writer of a report',
                'verbose_name_plural': 'Writers of reports',
                'ordering': ['report', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('report', 'person'), name='project_report_writer_once')],
            },
        ),
    ]
