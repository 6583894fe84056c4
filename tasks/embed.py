"""Embed: the texts among an entity's columns become vectors, just before they are copied."""

from __future__ import annotations

from collections.abc import Callable

from tasks.engine.entity import Entity
from tasks.engine.rows import Rows
from tasks.engine.run import Run
from tasks.engine.target import nothing
from tasks.engine.values import Columns, Embedded
from tasks.services.embeddings import Embedder


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
