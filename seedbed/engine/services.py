"""The settings of the services outside the database: which adapter, and how it is used.

The local adapters need no credentials. Those of a remote one come from the process's
environment (docs/services.md), never from a profile.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Service(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Auth(Service):
    """Where accounts are made."""

    adapter: Literal["local", "supabase"] = Field(
        "local", description="rows in the auth server's tables, or its admin API"
    )


class Storage(Service):
    """Where files lie."""

    adapter: Literal["local", "s3", "supabase"] = Field(
        "local", description="a folder, an S3 bucket, or the storage server's API"
    )


class Video(Service):
    """Where videos are encoded, and how long a run waits for them."""

    adapter: Literal["local", "mux"] = Field(
        "local", description="a provider on this machine whose videos do not play, or Mux"
    )
    batch: int = Field(10, ge=1, le=100, description="assets that are awaited together")
    timeout: float = Field(120, gt=0, le=86_400, description="seconds to wait for a batch")
    interval: float = Field(5, gt=0, le=600, description="seconds between two looks")
    creates_per_second: float = Field(
        1, gt=0, le=1_000, description="how many assets a second are asked for, at most"
    )


class Embeddings(Service):
    """Where texts become vectors."""

    adapter: Literal["local", "openai"] = Field(
        "local", description="feature hashing, or any server that speaks the OpenAI API"
    )
    mode: Literal["inline", "queue"] = Field(
        "inline", description="in the flow, or a job for the application's own worker"
    )
    model: str = Field("text-embedding-3-small", description="the model that a server is asked for")
    batch: int = Field(100, ge=1, le=2_048, description="texts in one request")
    timeout: float = Field(
        0, ge=0, le=86_400, description="seconds that verify waits for the application's worker"
    )


class Services(Service):
    """The four services."""

    auth: Auth = Field(
        Auth(),  # type: ignore[call-arg]  # pydantic's defaults
        description="where accounts are made",
    )
    storage: Storage = Field(
        Storage(),  # type: ignore[call-arg]  # pydantic's defaults
        description="where files lie",
    )
    video: Video = Field(
        Video(),  # type: ignore[call-arg]  # pydantic's defaults
        description="where videos are encoded",
    )
    embeddings: Embeddings = Field(
        Embeddings(),  # type: ignore[call-arg]  # pydantic's defaults
        description="where texts become vectors",
    )
