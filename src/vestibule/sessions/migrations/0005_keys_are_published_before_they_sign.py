from django.db import migrations, models
from django.db.models import F


def from_the_first_day(apps, schema_editor):
    apps.get_model("signed_in", "SigningKey").objects.update(signs_at=F("created_at"))


class Migration(migrations.Migration):

    dependencies = [
        ("signed_in", "0004_sessions_of_pages"),
    ]

    operations = [
        migrations.AddField(model_name="signingkey", name="signs_at", field=models.DateTimeField(null=True)),
        migrations.RunPython(from_the_first_day, migrations.RunPython.noop),
        migrations.AlterField(model_name="signingkey", name="created_at", field=models.DateTimeField()),
        migrations.AlterField(model_name="signingkey", name="signs_at", field=models.DateTimeField(db_index=True)),
    ]
