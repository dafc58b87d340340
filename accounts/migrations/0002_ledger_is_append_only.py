"""The database itself refuses to change or delete an entry of the token ledger, whoever asks."""

from django.db import migrations

TABLE = "accounts_tokenentry"
REFUSAL = "entries of the token ledger are never changed or deleted"

SQLITE_FORWARDS = [
    f"CREATE TRIGGER token_entry_no_update BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    f"CREATE TRIGGER token_entry_no_delete BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
]
SQLITE_BACKWARDS = [
    "DROP TRIGGER IF EXISTS token_entry_no_delete",
    "DROP TRIGGER IF EXISTS token_entry_no_update",
]

POSTGRESQL_FORWARDS = [
    f"""
    CREATE FUNCTION token_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
    END
    $$
    """,
    f"""
    CREATE TRIGGER token_entry_no_change BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION token_entry_refuse()
    """,
]
POSTGRESQL_BACKWARDS = [
    f"DROP TRIGGER IF EXISTS token_entry_no_change ON {TABLE}",
    "DROP FUNCTION IF EXISTS token_entry_refuse()",
]


def add_triggers(apps, schema_editor):
    _run(schema_editor, {"sqlite": SQLITE_FORWARDS, "postgresql": POSTGRESQL_FORWARDS})


def drop_triggers(apps, schema_editor):
    _run(schema_editor, {"sqlite": SQLITE_BACKWARDS, "postgresql": POSTGRESQL_BACKWARDS})


def _run(schema_editor, statements):
    vendor = schema_editor.connection.vendor
    if vendor not in statements:
        raise NotImplementedError(f"MicDots runs on SQLite and PostgreSQL, not on {vendor}.")
    for statement in statements[vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(add_triggers, drop_triggers)]
