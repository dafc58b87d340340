"""The full-text indexes: GIN on PostgreSQL, FTS5 kept by triggers on SQLite."""

from django.db import migrations

TABLES = ["generations_generation", "generations_dot"]


def create(apps, schema_editor):
    for table in TABLES:
        if schema_editor.connection.vendor == "postgresql":
            # The words are folded before they are stored, so the simple configuration (no stemming) is right.
            # The expression is the one that Django's SearchVector writes: only then is the index used.
            # No pending list (fastupdate): a search must not read what a vacuum has not merged yet.
            schema_editor.execute(
                f"CREATE INDEX {table}_search ON {table} "
                "USING gin (to_tsvector('simple'::regconfig, COALESCE(search_text, ''))) WITH (fastupdate = off)"
            )
            continue
        # External content: the words stand in the table itself, the index holds only where they occur.
        schema_editor.execute(
            f"CREATE VIRTUAL TABLE {table}_search USING fts5("
            f"search_text, content='{table}', content_rowid='id', tokenize='unicode61', prefix='2 3')"
        )
        insert = f"INSERT INTO {table}_search(rowid, search_text) VALUES (new.id, new.search_text);"
        delete = (
            f"INSERT INTO {table}_search({table}_search, rowid, search_text) "
            "VALUES ('delete', old.id, old.search_text);"
        )
        schema_editor.execute(f"CREATE TRIGGER {table}_search_ai AFTER INSERT ON {table} BEGIN {insert} END")
        schema_editor.execute(f"CREATE TRIGGER {table}_search_ad AFTER DELETE ON {table} BEGIN {delete} END")
        schema_editor.execute(
            f"CREATE TRIGGER {table}_search_au AFTER UPDATE OF search_text ON {table} "
            f"WHEN old.search_text IS NOT new.search_text BEGIN {delete} {insert} END"
        )


def drop(apps, schema_editor):
    for table in TABLES:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX {table}_search")
            continue
        for suffix in ("ai", "ad", "au"):
            schema_editor.execute(f"DROP TRIGGER {table}_search_{suffix}")
        schema_editor.execute(f"DROP TABLE {table}_search")


class Migration(migrations.Migration):
    dependencies = [("generations", "0001_initial")]
    operations = [migrations.RunPython(create, drop, elidable=False)]
