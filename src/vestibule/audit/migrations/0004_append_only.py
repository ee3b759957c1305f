"""PostgreSQL refuses to change or erase what is on record, but for what `audit.retention.allow_shortening` does
(docs/decisions/0082). SQLite is one process's own file: whoever writes to it could drop a trigger as well."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

MADE = """
CREATE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('vestibule.audit_shortening', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'audit_event: rows are appended and nothing else' USING ERRCODE = 'insufficient_privilege';
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSIF ROW(NEW.id, NEW.at, NEW.name, NEW.code, NEW.actor, NEW.challenge_id, NEW.request_id)
        IS DISTINCT FROM ROW(OLD.id, OLD.at, OLD.name, OLD.code, OLD.actor, OLD.challenge_id, OLD.request_id) THEN
        RAISE EXCEPTION 'audit_event: what happened stays' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_append_only();
"""
UNMADE = "DROP TRIGGER audit_event_append_only ON audit_event; DROP FUNCTION audit_event_append_only();"


def make(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _run(schema_editor, MADE)


def unmake(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _run(schema_editor, UNMADE)


def _run(schema_editor: BaseDatabaseSchemaEditor, sql: str) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(sql, params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_retention")]

    operations = [migrations.RunPython(make, unmake)]
