# The application that an event concerns; it stays on record like what happened (0001_initial).

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

STAYS = ("id", "at", "name", "code", "actor", "challenge_id", "request_id")


def guard(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _run(schema_editor, _guarding(*STAYS, "application"))


def unguard(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _run(schema_editor, _guarding(*STAYS))


def _guarding(*columns: str) -> str:
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("NEW", "OLD"))
    return f"""
CREATE OR REPLACE FUNCTION vestibule_audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('vestibule.audit_shortening', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'vestibule_audit_event: rows are appended and nothing else' USING ERRCODE = 'insufficient_privilege';
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSIF ROW({new}) IS DISTINCT FROM ROW({old}) THEN
        RAISE EXCEPTION 'vestibule_audit_event: what happened stays' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""


def _run(schema_editor: BaseDatabaseSchemaEditor, sql: str) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(sql, params=None)


class Migration(migrations.Migration):
    dependencies = [("vestibule_audit", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="auditevent",
            name="application",
            field=models.CharField(blank=True, db_default="", default="", max_length=512),
        ),
        migrations.RunPython(guard, unguard),
    ]
