from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('measures', '0005_add_plan_imports'),
        ('monitoring', '0009_add_kinds_of_imports'),
        ('stakeholders', '0012_add_calendar_to_mail'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='fundedproject',
            name='areas',
            field=models.ManyToManyField(blank=True, related_name='projects', to='monitoring.area', verbose_name='Areas'),
        ),
        migrations.AddField(
            model_name='fundedproject',
            name='further_measures',
            field=models.ManyToManyField(blank=True, related_name='further_projects', to='measures.measure', verbose_name='Further measures it pays for'),
        ),
        migrations.CreateModel(
            name='Programme',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120, verbose_name='Name of the programme')),
                ('goals', models.TextField(blank=True, verbose_name='What the programme wants to reach')),
                ('legal_basis', models.CharField(blank=True, max_length=300, verbose_name='Legal basis')),
                ('own_share_percent', models.DecimalField(decimal_places=2, default=Decimal('10'), max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='Least own share')),
                ('deviation_percent', models.DecimalField(decimal_places=2, default=Decimal('20'), max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='Allowed deviation in a line')),
                ('is_example', models.BooleanField(default=False, verbose_name='Example')),
                ('funder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='programmes', to='stakeholders.organisation', verbose_name='Funder')),
            ],
            options={
                'verbose_name': 'Funding programme',
                'verbose_name_plural': 'Funding programmes',
                'ordering': ['title'],
            },
        ),
        migrations.AddField(
            model_name='fundedproject',
            name='programme_row',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='projects', to='measures.programme', verbose_name='Funding programme'),
        ),
        migrations.CreateModel(
            name='ProgrammeCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(verbose_name='Year')),
                ('goals', models.TextField(blank=True, verbose_name='What this call is for')),
                ('closes_on', models.DateField(blank=True, null=True, verbose_name='Applications until')),
                ('budget', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='Money of the call (euros)')),
                ('esf_percent', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='Highest share of ESF')),
                ('state_percent', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='Highest share of the state')),
                ('cost_kinds', models.JSONField(blank=True, default=list, verbose_name='Eligible cost')),
                ('indicators', models.JSONField(blank=True, default=list, verbose_name='Required indicators')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='measures.programme', verbose_name='Funding programme')),
            ],
            options={
                'verbose_name': 'Call of a programme',
                'verbose_name_plural': 'Calls of programmes',
                'ordering': ['programme', '-year'],
            },
        ),
        migrations.CreateModel(
            name='GrantNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='Number')),
                ('reference', models.CharField(max_length=80, verbose_name='File reference')),
                ('issued_on', models.DateField(verbose_name='Issued on')),
                ('starts_on', models.DateField(verbose_name='Funded from')),
                ('ends_on', models.DateField(verbose_name='Funded until')),
                ('granted', models.DecimalField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))], verbose_name='Sum granted (euros)')),
                ('conditions', models.TextField(blank=True, verbose_name='Conditions of the notice')),
                ('reason', models.TextField(blank=True, verbose_name='Why it was amended')),
                ('recorded_at', models.DateTimeField(auto_now_add=True, verbose_name='Recorded')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='measures.fundedproject', verbose_name='Project')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Recorded by')),
                ('call', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='measures.programmecall', verbose_name='Call')),
            ],
            options={
                'verbose_name': 'Grant notice',
                'verbose_name_plural': 'Grant notices',
                'ordering': ['project', 'number'],
            },
        ),
        migrations.CreateModel(
            name='ProjectPartner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('task', models.CharField(blank=True, max_length=200, verbose_name='What they do')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shared_projects', to='stakeholders.organisation', verbose_name='Organisation')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='partners', to='measures.fundedproject', verbose_name='Project')),
            ],
            options={
                'verbose_name': 'Partner of a project',
                'verbose_name_plural': 'Partners of projects',
                'ordering': ['project', 'organisation__name'],
            },
        ),
        migrations.CreateModel(
            name='ReportingDuty',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('interim', 'Interim report'), ('final', 'Final report'), ('drawdown', 'Drawdown of funds')], max_length=8, verbose_name='Duty')),
                ('covers_from', models.DateField(verbose_name='For the time from')),
                ('covers_until', models.DateField(verbose_name='For the time until')),
                ('due_on', models.DateField(verbose_name='Due on')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='duties', to='measures.grantnotice', verbose_name='Grant notice')),
            ],
            options={
                'verbose_name': 'Reporting duty',
                'verbose_name_plural': 'Reporting duties',
                'ordering': ['notice', 'due_on', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='GrantLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('cost', 'Cost'), ('funding', 'Funding')], max_length=7, verbose_name='Cost or funding')),
                ('kind', models.CharField(choices=[('staff', 'Staff'), ('fees', 'Fees'), ('material', 'Material'), ('travel', 'Travel'), ('premises', 'Rooms'), ('publicity', 'Public relations'), ('lump_sum', 'Lump sum for indirect cost'), ('other', 'Other cost'), ('esf', 'European Social Fund (ESF)'), ('state', 'State funds'), ('own', 'Own funds'), ('municipality', 'Municipality'), ('third', 'Others')], max_length=12, verbose_name='Kind')),
                ('title', models.CharField(blank=True, max_length=200, verbose_name='For what, or from whom')),
                ('year', models.PositiveSmallIntegerField(verbose_name='Year')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(0)], verbose_name='Amount (euros)')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='measures.grantnotice', verbose_name='Grant notice')),
            ],
            options={
                'verbose_name': 'Line of a financing plan',
                'verbose_name_plural': 'Lines of financing plans',
                'ordering': ['notice', 'side', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('notice', 'side', 'kind', 'title', 'year'), name='grant_line_once'), models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='grant_line_not_negative')],
            },
        ),
        migrations.AddConstraint(
            model_name='programme',
            constraint=models.UniqueConstraint(fields=('funder', 'title'), name='programme_once_per_funder'),
        ),
        migrations.AddConstraint(
            model_name='programme',
            constraint=models.CheckConstraint(condition=models.Q(('own_share_percent__gte', 0), ('own_share_percent__lte', 100), ('deviation_percent__gte', 0), ('deviation_percent__lte', 100)), name='programme_percents_in_range'),
        ),
        migrations.AddConstraint(
            model_name='programmecall',
            constraint=models.UniqueConstraint(fields=('programme', 'year'), name='call_once_per_year'),
        ),
        migrations.AddConstraint(
            model_name='programmecall',
            constraint=models.CheckConstraint(condition=models.Q(('budget__isnull', True), ('budget__gte', 0), _connector='OR'), name='call_budget_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='grantnotice',
            constraint=models.UniqueConstraint(fields=('project', 'number'), name='notice_number_once_per_project'),
        ),
        migrations.AddConstraint(
            model_name='grantnotice',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='notice_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='grantnotice',
            constraint=models.CheckConstraint(condition=models.Q(('granted__gt', 0)), name='notice_grants_something'),
        ),
        migrations.AddConstraint(
            model_name='projectpartner',
            constraint=models.UniqueConstraint(fields=('project', 'organisation'), name='partner_once_per_project'),
        ),
        migrations.AddConstraint(
            model_name='reportingduty',
            constraint=models.UniqueConstraint(fields=('notice', 'kind', 'due_on'), name='duty_once_per_day'),
        ),
        migrations.AddConstraint(
            model_name='reportingduty',
            constraint=models.CheckConstraint(condition=models.Q(('covers_until__gte', models.F('covers_from'))), name='duty_covers_some_time'),
        ),
    ]
