"""The dataset streaming with all three services remote, each an emulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from seedbed.engine.order import ordered
from seedbed.engine.report import StepReport
from seedbed.run.counted import checked, complete, counts, reported
from seedbed.run.standing import look_first
from seedbed.steps.kinds import perform
from seedbed.testing.cluster import Connection
from seedbed.testing.worlds import World, silent
from tests.services import auth_server, mux_server, storage_server
from tests.services.auth_server import AuthServer
from tests.services.emulator import Answer, Asked, Emulator, Fault
from tests.services.mux_server import MuxServer
from tests.services.storage_server import StorageServer

QUICK = {"timeout": 0.5, "interval": 0.01, "batch": 40, "creates_per_second": 1000}


class Project(Emulator):
    """A Supabase project: accounts and files behind one address."""

    def __init__(self, auth: AuthServer, storage: StorageServer) -> None:
        super().__init__()
        self._auth, self._storage = auth, storage
        auth.wrong = storage.wrong = self.wrong

    def handle(self, asked: Asked) -> tuple[Answer, Fault | None]:
        """Pass a request on to the one that it is for."""
        files = asked.path.startswith(storage_server.ROOT)
        return (self._storage if files else self._auth).handle(asked)


@dataclass(frozen=True)
class Remote:
    """A world and the servers around it."""

    world: World
    person: Connection
    auth: AuthServer
    storage: StorageServer
    video: MuxServer

    @property
    def servers(self) -> dict[str, Emulator]:
        """Each by its port."""
        return {"auth": self.auth, "storage": self.storage, "video": self.video}

    def seed(self) -> dict[str, StepReport]:
        """What the flow does: look at all steps, then do those that lack something."""
        with self.world.opened() as work:
            steps = ordered(work.dataset.steps)
            look_first(work, steps)
            return {
                one.name: reported(one, work.satisfied[one.name])
                if one.name in work.satisfied
                else perform(work, one, silent)
                for one in steps
            }

    def violated(self) -> dict[str, str]:
        """What verify objects to."""
        with self.world.opened("verify") as work:
            found = (complete(counts(work, ordered(work.dataset.steps))), *checked(work))
        return {one.name: one.verdict for one in found if not one.passed}

    def written(self) -> dict[str, int]:
        """Requests so far that made or removed something."""
        return {
            "accounts": self.auth.count(f"POST {auth_server.USERS}"),
            "files": self.storage.count("POST .*/object/thumbnails/.*"),
            "assets": self.video.count(f"POST {mux_server.ASSETS}"),
            "removed": sum(one.count("DELETE .*") for one in self.servers.values()),
        }


@contextmanager
def remote(world: World, **storage: str) -> Iterator[Remote]:
    """The servers while the block runs; `storage` are the variables of another adapter (S3)."""
    adapter = "s3" if storage else "supabase"
    world.profile(
        services={
            "auth": {"adapter": "supabase"},
            "storage": {"adapter": adapter},
            "video": {"adapter": "mux", **QUICK},
        }
    )
    with ExitStack() as stack:
        person = stack.enter_context(world.superuser())
        session = stack.enter_context(world.superuser())
        auth, files = AuthServer(session), StorageServer("thumbnails")
        video = MuxServer()
        project = Project(auth, files)
        for server in (project, video):
            stack.enter_context(server.running())
        variables = {
            "SUPABASE_URL": project.url,
            "SUPABASE_SERVICE_ROLE_KEY": auth_server.KEY,
            "MUX_BASE_URL": video.url,
            "MUX_TOKEN_ID": mux_server.TOKEN,
            "MUX_TOKEN_SECRET": mux_server.SECRET,
            **storage,
        }
        assert auth_server.KEY == storage_server.KEY  # one project, one key
        yield Remote(replace(world, variables=variables), person, auth, files, video)
