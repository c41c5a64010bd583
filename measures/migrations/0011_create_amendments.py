import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("measures", "0010_create_project_reports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AmendmentRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='Number')),
                ('state', models.CharField(choices=[('draft', 'being written'), ('submitted', 'with social planning'), ('returned', 'returned by social planning'), ('forwarded', 'with the funder'), ('asked', 'asked back by the funder'), ('granted', 'consented to'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], default='draft', max_length=9, verbose_name='State')),
                ('draft', models.JSONField(blank=True, default=dict, verbose_name='Draft')),
                ('draft_at', models.DateTimeField(blank=True, null=True, verbose_name='Draft saved')),
                ('begun_at', models.DateTimeField(auto_now_add=True, verbose_name='Begun')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='Ended')),
                ('begun_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Begun by')),
                ('notice', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='amendment', to='measures.grantnotice', verbose_name='Grant notice')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='amendments', to='measures.fundedproject', verbose_name='Project')),
            ],
            options={
                'verbose_name': 'Request for an amendment',
                'verbose_name_plural': 'Requests for amendments',
                'ordering': ['project', '-number'],
            },
        ),
        migrations.CreateModel(
            name='AmendmentVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='Number')),
                ('ends_on', models.DateField(verbose_name='Funded until')),
                ('reason', models.TextField(verbose_name='What shall change, and why')),
                ('submitted_at', models.DateTimeField(auto_now_add=True, verbose_name='Sent')),
                ('basis', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='amendment_versions', to='measures.grantnotice', verbose_name='Builds on')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='measures.amendmentrequest', verbose_name='Request for an amendment')),
                ('submitted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Sent by')),
            ],
            options={
                'verbose_name': 'Version of a request for an amendment',
                'verbose_name_plural': 'Versions of requests for amendments',
                'ordering': ['request', 'number'],
            },
        ),
        migrations.CreateModel(
            name='AmendmentLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('cost', 'Cost'), ('funding', 'Funding')], max_length=7, verbose_name='Cost or funding')),
                ('kind', models.CharField(choices=[('staff', 'Staff'), ('fees', 'Fees'), ('material', 'Material'), ('travel', 'Travel'), ('premises', 'Rooms'), ('publicity', 'Public relations'), ('lump_sum', 'Lump sum for indirect cost'), ('other', 'Other cost'), ('esf', 'European Social Fund (ESF)'), ('state', 'State funds'), ('own', 'Own funds'), ('municipality', 'Municipality'), ('third', 'Others')], max_length=12, verbose_name='Kind')),
                ('title', models.CharField(blank=True, max_length=200, verbose_name='For what, or from whom')),
                ('year', models.PositiveSmallIntegerField(verbose_name='Year')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(0)], verbose_name='Amount (euros)')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='measures.amendmentversion', verbose_name='Version of a request for an amendment')),
            ],
            options={
                'verbose_name': 'Line of a plan asked for',
                'verbose_name_plural': 'Lines of plans asked for',
                'ordering': ['version', 'side', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='AmendmentAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('returned', 'returned by social planning'), ('forwarded', 'forwarded to the funder'), ('asked', 'asked back by the funder'), ('granted', 'consented to'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], max_length=9, verbose_name='What happened')),
                ('text', models.TextField(blank=True, verbose_name='Text')),
                ('written_at', models.DateTimeField(auto_now_add=True, verbose_name='Written')),
                ('written_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Written by')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='measures.amendmentrequest', verbose_name='Request for an amendment')),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='measures.amendmentversion', verbose_name='Version of a request for an amendment')),
            ],
            options={
                'verbose_name': 'Answer to a request for an amendment',
                'verbose_name_plural': 'Answers to requests for amendments',
                'ordering': ['request', 'pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='amendmentrequest',
            constraint=models.UniqueConstraint(fields=('project', 'number'), name='amendment_number_once_per_project'),
        ),
        migrations.AddConstraint(
            model_name='amendmentrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('project',), name='amendment_one_open_per_project'),
        ),
        migrations.AddConstraint(
            model_name='amendmentrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('notice__isnull', False), ('state', 'granted')), models.Q(models.Q(('state', 'granted'), _negated=True), ('notice__isnull', True)), _connector='OR'), name='amendment_granted_by_notice'),
        ),
        migrations.AddConstraint(
            model_name='amendmentversion',
            constraint=models.UniqueConstraint(fields=('request', 'number'), name='amendment_version_once'),
        ),
        migrations.AddConstraint(
            model_name='amendmentversion',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='amendment_version_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='amendmentline',
            constraint=models.UniqueConstraint(fields=('version', 'side', 'kind', 'title', 'year'), name='amendment_line_once'),
        ),
        migrations.AddConstraint(
            model_name='amendmentline',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='amendment_line_not_negative'),
        ),
    ]
