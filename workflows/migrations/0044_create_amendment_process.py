import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('measures', '0011_create_amendments'),
        ('viewflow', '0015_task_scheduled'),
        ("workflows", "0043_create_report_processes"),
    ]

    operations = [
        migrations.CreateModel(
            name='AmendmentProcess',
            fields=[
                ('process_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='viewflow.process')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='amendment_processes', to='workflows.planningcycle')),
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='process', to='measures.amendmentrequest')),
            ],
            options={
                'verbose_name': 'Course of a request for an amendment',
                'verbose_name_plural': 'Courses of requests for amendments',
            },
            bases=('viewflow.process',),
        ),
    ]
