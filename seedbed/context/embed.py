"""Embed: the texts among an entity's columns become vectors, just before they are copied."""

from __future__ import annotations

from collections.abc import Callable

from seedbed.declare.entity import Entity
from seedbed.declare.values import Columns, Embedded
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run
from seedbed.engine.target import nothing
from seedbed.services.embeddings import Embedder


def has_texts(entity: Entity, run: Run) -> bool:
    """Whether a column of the entity is texts to embed."""
    return any(isinstance(column, Embedded) for column in nothing(entity, run).columns.values())


def with_vectors(
    embedder: Embedder, values: Callable[[Rows], Columns]
) -> Callable[[Rows], Columns]:
    """`values` with a vector in the place of every text to embed."""

    def made(rows: Rows) -> Columns:
        return {
            name: embedder.vectors(column.texts, column.dimensions)
            if isinstance(column, Embedded)
            else column
            for name, column in values(rows).items()
        }

    return made
