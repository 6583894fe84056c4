"""Keyed: whether the database holds keys to what ownership needs of them."""

from __future__ import annotations

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.keys import UuidKey
from seedbed.engine.plan import Mismatch
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import KeyUnfit
from seedbed.postgres.ownership import identifier

_KEYS = """
    SELECT coalesce(c.oid::int8, 0), coalesce(base.typname, t.typname) = 'uuid',
           t.typcategory = 'S', a.attnotnull,
           EXISTS (
               SELECT FROM pg_catalog.pg_index i
               WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid
                 AND i.indpred IS NULL AND i.indexprs IS NULL
                 AND a.attnum = ANY(i.indkey[0:i.indnkeyatts - 1])
                 AND NOT EXISTS (
                     SELECT FROM unnest(i.indkey[0:i.indnkeyatts - 1]) AS other(number)
                     WHERE other.number <> a.attnum AND other.number <> ALL (
                         SELECT unnest(p.partattrs) FROM pg_catalog.pg_partitioned_table p
                         WHERE p.partrelid = a.attrelid)))
    FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asked(quoted, name, place)
    LEFT JOIN pg_catalog.pg_class c ON c.oid = to_regclass(asked.quoted)
    LEFT JOIN pg_catalog.pg_attribute a
        ON a.attrelid = c.oid AND a.attname = asked.name AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN LATERAL (
        WITH RECURSIVE below(oid, typname, typbasetype) AS (
            SELECT oid, typname, typbasetype FROM pg_catalog.pg_type WHERE oid = t.typbasetype
            UNION ALL
            SELECT b.oid, b.typname, b.typbasetype
            FROM below JOIN pg_catalog.pg_type b ON b.oid = below.typbasetype)
        SELECT typname FROM below WHERE typbasetype = 0) base ON true
    ORDER BY asked.place
"""


def unfit(connection: Connection, dataset: Dataset) -> tuple[Mismatch, ...]:
    """Key columns that are not of the key's type, can be NULL, or are not unique.

    Where rows are in partitions, a unique index also has the columns that they are divided by. Rows
    that a service may make in our place (`through`) have ids of its own; they are ours by the key
    of the row that they hang on, which several may share.
    """
    found = []
    names: dict[int, str] = {}
    quoted = [identifier(one.table).as_string(connection) for one in dataset.entities]
    columns = [one.key.column for one in dataset.entities]
    held = connection.execute(_KEYS, (quoted, columns)).fetchall()
    for one, (oid, *facts) in zip(dataset.entities, held, strict=True):
        name = names.setdefault(oid, one.table) if oid else one.table
        if name != one.table:
            found.append(Mismatch(one.name, one.table, f"is {name}: call it by one name"))
        problem = _problem(one, *facts)
        if problem:
            said = f"has a key column {one.key.column!r} that {problem}"
            found.append(Mismatch(one.name, one.table, said, one.key.column))
    return tuple(found)


def require_keys(connection: Connection, dataset: Dataset) -> None:
    """See that every key column tells our rows from those of others; see `unfit`.

    Raises:
        KeyUnfit: one does not.
    """
    if found := unfit(connection, dataset):
        raise KeyUnfit(found)


def _problem(
    entity: Entity, is_uuid: bool | None, is_text: bool, required: bool, unique: bool
) -> str:
    if is_uuid is None:  # no such column: that is told with all else that does not fit
        return ""
    if not (is_uuid if isinstance(entity.key, UuidKey) else is_text):
        return f"is not of type {'uuid' if isinstance(entity.key, UuidKey) else 'text'}"
    if not required:
        return "can be NULL"
    return "" if unique or entity.through else "has no unique index of its own"
