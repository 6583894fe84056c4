"""Datasets: the registry. A new dataset is a folder and one line here."""

from __future__ import annotations

from importlib import import_module

from seedbed.declare.entity import Dataset
from seedbed.declare.errors import UnknownName

DATASETS = {
    "commerce": "tasks.commerce",
    "therapy": "tasks.therapy",
    "streaming": "tasks.streaming",
    "marketplace": "tasks.marketplace",
    "transcripts": "tasks.transcripts",
}
"""Name to module; the module holds the `Dataset` under the dataset's own name."""


def dataset(name: str) -> Dataset:
    """The dataset of that name, imported when it is asked for.

    Raises:
        UnknownName: there is none; the nearest is suggested.
    """
    if name not in DATASETS:
        raise UnknownName("dataset", name, DATASETS)
    found: Dataset = getattr(import_module(DATASETS[name]), name)
    return found
