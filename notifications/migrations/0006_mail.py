"""What services report of mail, and from whom a page's mail is."""

import common.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0005_tally'),
    ]

    operations = [
        migrations.CreateModel(
            name='MailSender',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('tenant_id', common.fields.PlainIdField(max_length=32)),
                ('page_id', common.fields.PlainIdField(max_length=32, unique=True)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('address', models.CharField(blank=True, max_length=254)),
                ('reply_to', models.CharField(blank=True, max_length=254)),
                ('verified_at', models.DateTimeField(null=True)),
                ('findings', models.JSONField(default=list)),
                ('checked_at', models.DateTimeField(null=True)),
                ('updated_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='MailReport',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=40)),
                ('fingerprint', models.CharField(max_length=64)),
                ('kind', models.CharField(help_text='As anymail calls it: delivered, bounced, complained …', max_length=20)),
                ('delivery_id', models.BigIntegerField(null=True)),
                ('message_id', models.CharField(blank=True, max_length=255)),
                ('target_hash', models.CharField(max_length=64)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('said', models.CharField(blank=True, max_length=500)),
                ('received_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('settled_at', None)), fields=['id'], name='report_waiting'), models.Index(fields=['settled_at'], name='report_settled')],
                'constraints': [models.UniqueConstraint(fields=('provider', 'fingerprint'), name='report_once')],
            },
        ),
    ]
