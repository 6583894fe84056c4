"""Embeddings: texts to vectors, by hashing or by a server that speaks the OpenAI API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import numpy as np

from seedbed.declare.errors import BadSetting
from seedbed.declare.values import Bytes
from seedbed.engine.services import Embeddings
from seedbed.services import hashing
from seedbed.services.errors import NoCredentials, ServiceFailed
from seedbed.services.hashing import Vectors
from seedbed.services.http import Api, Unanswered

URL, KEY = "SEEDBED_EMBEDDINGS_URL", "SEEDBED_EMBEDDINGS_KEY"


class Embedder(Protocol):
    """What makes vectors of texts."""

    @property
    def kind(self) -> str:
        """Which adapter it is and where it points, without a credential."""

    @property
    def batch(self) -> int | None:
        """Texts that it takes at a time; None: any number."""

    @property
    def repeatable(self) -> bool:
        """Whether the same text always gives the same vector, so that making it anew proves."""

    def check(self) -> str:
        """Ask for something that needs the credentials; writes nothing.

        Raises:
            ServiceFailed: the server cannot be reached, or refuses them.
        """

    def vectors(self, texts: Bytes, dimensions: int) -> Vectors:
        """Vectors of length 1, shape (n, dimensions), of texts (`S`, shape (n,))."""


class Hashed:
    """The local adapter; see `hashing`."""

    kind = "local, hashed words; lexical, not semantic"
    batch = None
    repeatable = True

    def check(self) -> str:
        """See `Embedder`."""
        return "no credentials needed"

    def vectors(self, texts: Bytes, dimensions: int) -> Vectors:
        """See `Embedder`."""
        return hashing.vectors(texts, dimensions)


class Remote:
    """The adapter for `POST {base}/v1/embeddings`, batch by batch."""

    repeatable = False

    def __init__(self, base: str, key: str, settings: Embeddings) -> None:
        self.batch = settings.batch
        self._model = settings.model
        headers = {"Authorization": f"Bearer {key}"}
        self._api = Api("embeddings", base.rstrip("/").removesuffix("/v1"), headers=headers)

    @property
    def kind(self) -> str:
        """See `Embedder`."""
        return f"openai, {self._model} at {self._api.host}"

    def check(self) -> str:
        """See `Embedder`; embeds one word."""
        doing = "embed one word"
        body = {"model": self._model, "input": ["seed"]}
        try:
            self._api.json("POST", "/v1/embeddings", doing=doing, repeatable=True, json=body)
        except Unanswered as unanswered:
            raise ServiceFailed("embeddings", doing, unanswered.problem) from None
        return "a word can be embedded"

    def vectors(self, texts: Bytes, dimensions: int) -> Vectors:
        """See `Embedder`.

        Raises:
            ServiceFailed: the server does not give the vectors.
        """
        found = np.empty((len(texts), dimensions), dtype=np.float32)
        for start in range(0, len(texts), self.batch):
            part = [text.decode() for text in texts[start : start + self.batch]]
            found[start : start + len(part)] = self._asked(part, dimensions)
        return found

    def _asked(self, texts: list[str], dimensions: int) -> Vectors:
        doing = f"embed {len(texts)} texts"
        body = {"model": self._model, "input": texts, "dimensions": dimensions}
        try:
            # Asked twice it makes the same vectors: nothing is kept on the other side.
            answer = self._api.json(
                "POST", "/v1/embeddings", doing=doing, repeatable=True, json=body
            )
        except Unanswered as unanswered:
            raise ServiceFailed("embeddings", doing, unanswered.problem) from None
        try:
            return _read(answer, len(texts), dimensions)
        except ValueError as wrong:
            raise ServiceFailed("embeddings", doing, str(wrong)) from None


def _read(answer: Any, texts: int, dimensions: int) -> Vectors:
    """The vectors of an answer in the order of the texts, at length 1.

    Raises:
        ValueError: it holds something else; the message says what.
    """
    try:
        listed = sorted(answer["data"], key=lambda one: one["index"])
        places = [one["index"] for one in listed]
        table = np.array([one["embedding"] for one in listed], dtype=np.float32)
    except (KeyError, TypeError, ValueError):
        raise ValueError("its answer is no list of embeddings") from None
    if places != list(range(texts)) or table.ndim != 2:
        raise ValueError(f"it answered {len(places)} embeddings for {texts} texts")
    if table.shape[1] != dimensions:
        raise ValueError(
            f"it answered {table.shape[1]} dimensions and the column holds {dimensions}; choose "
            "another model in services.embeddings"
        )
    length = np.linalg.norm(table, axis=1, keepdims=True)
    if not (np.isfinite(length) & (length > 0)).all():
        raise ValueError("it answered a vector without a direction")
    unit: Vectors = np.divide(table, length, dtype=np.float32)
    return unit


def embedder(settings: Embeddings, environ: Mapping[str, str]) -> Embedder:
    """The adapter that the profile names.

    Raises:
        NoCredentials: the remote one is named, and its address or key is missing.
        BadSetting: the address is none.
    """
    if settings.adapter == "local":
        return Hashed()
    url, key = environ.get(URL, "").strip(), environ.get(KEY, "").strip()
    if not url or not key:
        missing = [name for name, value in ((URL, url), (KEY, key)) if not value]
        raise NoCredentials("embeddings", settings.adapter, missing)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        problem = f"is no address like https://host/v1 without a login; the key goes into {KEY}"
        raise BadSetting("environment", URL, problem)
    return Remote(url, key, settings)
