"""The guard by its commands, on databases as people have them: names, roles, owners, policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from seedbed.cli.__main__ import main
from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.engine.settings import Profile
from seedbed.postgres import record
from seedbed.postgres.connection.address import Address
from seedbed.postgres.guard.errors import GuardRefused
from seedbed.postgres.guard.guard import examine, mark
from seedbed.run.remove import remove
from seedbed.testing.cluster import Cluster, Connection
from seedbed.testing.contents import contents, versions
from seedbed.testing.worlds import OUTSIDE, World, url

COMMERCE, STREAMING, THERAPY = dataset("commerce"), dataset("streaming"), dataset("therapy")
SECRET = "Kanarienvogel"


@dataclass(frozen=True)
class Shell:
    """A command line with profiles of its own."""

    profiles: Path
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def profile(self, name: str, *lines: str) -> None:
        """Write a profile."""
        (self.profiles / f"{name}.toml").write_text("\n".join(lines))

    def staging(self, address: Address, *datasets: str) -> None:
        """A shared environment at an address."""
        names = ", ".join(f'"{name}"' for name in datasets)
        place = f'hosts = ["{address.host}"]', f'databases = ["{address.database}"]'
        self.profile("staging", f"datasets = [{names}]", "[guard]", "shared = true", *place)

    def at(self, address: Address) -> None:
        """The address in the environment, as a user would write it."""
        self.patch.setenv("SEEDBED_DATABASE_URL", url(address))

    def run(self, line: str) -> tuple[int, str]:
        """A command: its exit code and what it printed."""
        self.capsys.readouterr()
        code = main(line.split())
        printed = self.capsys.readouterr()
        text = printed.out + printed.err
        assert SECRET not in text
        return code, text

    def grants(self, line: str) -> str:
        """The SQL that `seedbed grants` prints."""
        code, text = self.run(f"grants {line}")
        assert code == 0
        return text


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """With nothing of the developer's own shell."""
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SEEDBED_ENVIRONMENTS", str(tmp_path))
    made = Shell(tmp_path, monkeypatch, capsys)
    made.profile("dev", 'datasets = ["commerce"]')
    return made


@pytest.fixture
def database(cluster: Cluster, roles: object) -> Iterator[Callable[..., Address]]:
    """Makes databases of a name with the schemas of datasets; they are gone before the roles."""
    made: list[Address] = []

    def new(name: str, *datasets: Dataset) -> Address:
        made.append(replace(cluster.address, database=f"{name}{uuid4().hex[:6]}_1"))
        with cluster.connect() as owner:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
            owner.execute(create.format(sql.Identifier(made[-1].database)))
        with cluster.connect(made[-1].database) as owner:
            for one in datasets:
                owner.execute((one.folder / "schema.sql").read_bytes())
        return made[-1]

    yield new
    for one in made:
        cluster.drop(one)


@pytest.fixture
def roles(cluster: Cluster) -> Iterator[Callable[..., Address]]:
    """Makes roles, as addresses."""
    made: list[str] = []

    def new(address: Address, *attributes: str, there: bool = True) -> Address:
        made.append(f"role_{uuid4().hex[:8]}")
        with cluster.connect() as owner:
            if there:
                create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} ").format(
                    sql.Identifier(made[-1]), sql.Literal(SECRET)
                )
                owner.execute(create + sql.SQL(" ".join(attributes)))
        return replace(address, user=made[-1], password=SECRET)

    yield new
    with cluster.connect() as owner:
        for name in made:
            owner.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def as_owner(address: Address) -> Connection:
    return Cluster(address).connect()


def login(cluster: Cluster, address: Address) -> None:
    """What `\\password` does for a role that the printed SQL has made."""
    with cluster.connect() as owner:
        set_it = sql.SQL("ALTER ROLE {} PASSWORD {}")
        owner.execute(set_it.format(sql.Identifier(address.user or ""), sql.Literal(SECRET)))


# -- names --------------------------------------------------------------------------------------


def test_a_database_that_is_called_production_is_not_seeded_because_its_address_is_local(
    database: Callable[..., Address], shell: Shell, tmp_path: Path
) -> None:
    address = database("shop_production_", COMMERCE)
    shell.at(address)
    world = World(COMMERCE, address, address, tmp_path)
    name = f"--named-production {address.database}"
    said = (
        f"guard layer 4 (marker): the name '{address.database}' says production, and the marker "
        f"does not name it; if this is not production, let its owner run `seedbed mark dev {name}`"
    )

    def refused() -> None:
        code, printed = shell.run("guard dev")
        assert (code, f"REFUSED {said}\n" in printed) == (3, True)
        with pytest.raises(GuardRefused) as caught:
            world.seed()
        assert str(caught.value) == said

    with as_owner(address) as owner:
        before = versions(owner)
        refused()
        code, printed = shell.run("mark dev")
        assert (code, f"{address.database!r} says production" in printed) == (0, True)
        refused()
        assert versions(owner) == before
    assert shell.run(f"mark dev {name}")[0] == 0
    assert shell.run("guard dev")[0] == 0
    assert sum(one.added for one in world.seed().values()) == 2405


@pytest.mark.parametrize("name", ["products_", "delivery_", "olive_"])
def test_a_word_inside_another_says_nothing(
    database: Callable[..., Address], shell: Shell, name: str
) -> None:
    address = database(name, COMMERCE)
    shell.at(address)
    code, printed = shell.run("mark dev")
    assert (code, len(printed.splitlines())) == (0, 1)
    assert shell.run("guard dev")[0] == 0


def test_the_names_of_host_and_role_count_and_only_their_literal_naming_helps(
    database: Callable[..., Address],
) -> None:
    address = database("shop_", COMMERCE)
    profile = Profile.model_validate({"name": "dev", "datasets": ["commerce"]})
    keywords = {**address.keywords(), "host": "live.localhost", "hostaddr": "127.0.0.1"}
    with as_owner(address) as owner, psycopg.connect(**keywords) as came:  # type: ignore[arg-type]  # mixed values

        def said(*named: str) -> str | None:
            mark(owner, "dev", 1, COMMERCE.tables, named=named)
            marker = examine(came, address, profile, {}, ())[3]
            return None if marker.passed else str(marker)

        names = "--named-production live.localhost --named-production prod_reader"
        ending = (
            "says production, and the marker does not name it; "
            f"if this is not production, let its owner run `seedbed mark dev {names}`"
        )
        begin = "guard layer 4 (marker): the name"
        came.execute("CREATE ROLE prod_reader; SET LOCAL ROLE prod_reader")  # rolled back
        assert said() == f"{begin} 'live.localhost' {ending}"
        assert said("live.localhost") == f"{begin} 'prod_reader' {ending}"
        assert said("prod_reader", "Live.localhost") == f"{begin} 'live.localhost' {ending}"
        assert said("prod_reader", "live.localhost") is None
        came.rollback()


def test_a_name_that_says_nothing_of_production_is_not_written_into_the_marker(
    database: Callable[..., Address], shell: Shell
) -> None:
    shell.at(database("shop_", COMMERCE))
    assert shell.run("mark dev --named-production shop") == (
        2,
        "seedbed: seedbed mark: --named-production is for names that say production, which "
        "'shop' does not; leave it out\n",
    )


@pytest.mark.parametrize("value", ["live", "LIVE", "prod-eu", "production", "eu_live"])
@pytest.mark.parametrize("variable", ["APP_ENV", "NODE_ENV"])
def test_a_variable_that_says_live_is_refused_on_every_database(
    shell: Shell, database: Callable[..., Address], variable: str, value: str
) -> None:
    shell.at(database("shop_", COMMERCE))
    shell.run("mark dev")
    shell.patch.setenv(variable, value)
    code, printed = shell.run("seed commerce")
    assert (code, f"layer 1 (variables): {variable} is {value!r}" in printed) == (3, True)


# -- datasets that do not fit -------------------------------------------------------------------


@dataclass(frozen=True)
class Shared:
    """A database marked for staging, and the role of its runs."""

    owner: Connection
    role: Address
    shell: Shell


@pytest.fixture
def shared(
    database: Callable[..., Address], roles: Callable[..., Address], shell: Shell
) -> Iterator[Callable[..., Shared]]:
    """Makes them, for datasets in one database; the role has what `grants` prints."""
    opened: list[Connection] = []

    def new(*datasets: Dataset) -> Shared:
        address = database("shared_", *datasets)
        role = roles(address)
        shell.staging(address, *(one.name for one in datasets))
        shell.at(address)
        owner = as_owner(address)
        opened.append(owner)
        for one in datasets:
            owner.execute(shell.grants(f"staging {one.name} --role {role.user}").encode())
        assert shell.run("mark staging")[0] == 0
        shell.at(role)
        shell.patch.setenv("APP_ENV", "staging")
        return Shared(owner, role, shell)

    yield new
    for owner in opened:
        owner.close()


def test_a_profile_whose_dataset_is_not_the_databases_is_refused(
    shared: Callable[..., Shared],
) -> None:
    one = shared(THERAPY)
    assert one.shell.run("guard staging")[0] == 0
    one.shell.staging(one.role, "commerce")
    code, printed = one.shell.run("guard staging")
    assert code == 3
    assert printed.splitlines()[0] == f"commerce: {one.role}"
    assert (
        "REFUSED guard layer 2 (tables): commerce does not fit: 14 of 14 tables are missing or "
        "cannot be seen (ad_stats_daily, ads, adsets, …); correct `datasets` in staging.toml or "
        "the address, or run the application's own migrations\n"
    ) in printed


def test_a_table_or_column_that_is_gone_is_named_by_the_guard(
    shared: Callable[..., Shared],
) -> None:
    one = shared(COMMERCE)
    one.owner.execute("ALTER TABLE orders DROP COLUMN customer_email CASCADE")
    code, printed = one.shell.run("guard staging")
    assert (code, "table orders has no column 'customer_email'" in printed) == (3, True)
    one.owner.execute("ALTER TABLE ad_stats_daily RENAME TO put_away")
    code, printed = one.shell.run("guard staging")
    assert (code, "1 of 14 tables are missing" in printed) == (3, True)


# -- one role ------------------------------------------------------------------------------------


def test_one_role_serves_two_datasets_of_a_database_of_which_one_has_row_security(
    shared: Callable[..., Shared],
) -> None:
    one = shared(STREAMING, COMMERCE)
    code, printed = one.shell.run("guard staging")
    assert (code, printed if code else "") == (0, "")
    assert [line for line in printed.splitlines() if not line.startswith("passed")] == [
        f"streaming: {one.role}",
        f"commerce: {one.role}",
    ]
    one.shell.staging(one.role, "commerce")
    code, printed = one.shell.run("guard staging")
    assert (code, "layer 3 (role): the role has BYPASSRLS" in printed) == (3, True)


def test_the_guard_prints_every_layer_when_a_right_is_missing(
    shared: Callable[..., Shared],
) -> None:
    one = shared(COMMERCE)
    one.owner.execute(f"REVOKE ALL ON users, orders FROM {one.role.user}".encode())
    one.owner.execute(f"REVOKE INSERT, DELETE ON ads FROM {one.role.user}".encode())
    code, printed = one.shell.run("guard staging")
    found = [line.split(":")[0] for line in printed.splitlines()]
    assert code == 3
    assert found == [
        "commerce",
        "passed  guard layer 1 (variables)",
        "passed  guard layer 2 (place)",
        "passed  guard layer 2 (tables)",
        "REFUSED guard layer 3 (role)",
        "passed  guard layer 4 (marker)",
        "passed  guard layer 5 (recheck)",
        "REFUSED guard layer 6 (size)",
    ]
    assert (
        "the role may not use INSERT, DELETE on ads, and lacks rights on 2 more tables; let its "
        "owner run what `seedbed grants staging` prints"
    ) in printed
    assert "the role may not read orders; let its owner run what `seedbed grants" in printed
    assert "SQLSTATE" not in printed


@pytest.mark.parametrize("schema", ["public", "auth"])
def test_a_closed_schema_leaves_no_layer_out(shared: Callable[..., Shared], schema: str) -> None:
    one = shared(STREAMING)
    one.owner.execute(f"REVOKE USAGE ON SCHEMA {schema} FROM PUBLIC, {one.role.user}".encode())
    code, printed = one.shell.run("guard staging")
    layers = {line.split("layer ")[1][0] for line in printed.splitlines()[1:]}
    assert (code, layers) == (3, set("123456"))
    assert "REFUSED guard layer 3 (role)" in printed or "REFUSED guard layer 2" in printed


# -- an owner who is no superuser -----------------------------------------------------------------


@dataclass(frozen=True)
class Hosted:
    """A database on a service: its owner owns the application's tables, and no more."""

    address: Address
    """As its owner."""
    role: Address
    """As its runs, whose role the printed SQL makes."""
    shell: Shell

    def left(self) -> list[str]:
        """What the printed SQL leaves to a superuser, without the row security."""
        text = self.shell.grants(f"staging streaming --role {self.role.user}")
        return [line[3:] for line in text.splitlines() if line.startswith("-- GRANT")]


@pytest.fixture
def hosted(
    database: Callable[..., Address], roles: Callable[..., Address], shell: Shell, cluster: Cluster
) -> Callable[..., Hosted]:
    """Makes one, whose owner has some attributes."""

    def new(*attributes: str) -> Hosted:
        address = database("hosted_", STREAMING)
        owner, role = roles(address, *attributes), roles(address, there=False)
        with cluster.connect(address.database) as admin:
            give = f"OWNER TO {owner.user}"
            admin.execute(f"ALTER DATABASE {address.database} {give}".encode())
            found = admin.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' "
                "AND relnamespace = 'public'::regnamespace"
            )
            for (name,) in found.fetchall():
                admin.execute(f"ALTER TABLE public.{name} {give}".encode())
        shell.staging(address, "streaming")
        shell.at(owner)
        return Hosted(owner, role, shell)

    return new


def test_an_owner_who_is_no_superuser_can_run_what_is_printed_and_is_told_the_rest(
    hosted: Callable[..., Hosted], cluster: Cluster
) -> None:
    one = hosted("CREATEROLE")
    role, owner = f'"{one.role.user}"', one.address.user
    text = one.shell.grants(f"staging streaming --role {one.role.user}")
    with Cluster(one.address).connect() as person:
        person.execute(text.encode())
    lines = text.splitlines()
    assert f"CREATE ROLE {role} LOGIN;" in lines
    rest = lines[lines.index(f"-- What role {owner!r} may not do itself; give it to") + 1 :]
    assert rest[0] == "-- role 'seedbed' or a superuser:"
    assert f'-- GRANT USAGE ON SCHEMA "auth" TO {role};' in rest
    assert f'-- GRANT SELECT, INSERT, UPDATE, DELETE ON "auth"."users" TO {role};' in rest
    assert any(line.startswith("-- DROP POLICY") and '"auth"."users"' in line for line in rest)
    assert rest[-2:] == [
        "-- a superuser, instead of every policy for the role:",
        f"-- ALTER ROLE {role} BYPASSRLS;",
    ]
    assert any(
        line.startswith(f'DROP POLICY IF EXISTS "seedbed {one.role.user}" ON "public"."profiles"')
        for line in lines
    )
    with cluster.connect(one.address.database) as admin:
        for line in rest:
            if line.startswith("-- GRANT"):
                admin.execute(line[3:].encode())
    assert one.left() == []


def test_an_owner_who_may_make_no_roles_is_told_who_may(hosted: Callable[..., Hosted]) -> None:
    one = hosted()
    text = one.shell.grants(f"staging streaming --role {one.role.user}")
    assert "-- a superuser or a role with CREATEROLE:\n-- CREATE ROLE" in text


def test_an_owner_who_bypasses_row_security_hands_it_on_where_the_server_lets_him(
    hosted: Callable[..., Hosted],
) -> None:
    one = hosted("CREATEROLE", "BYPASSRLS")
    text = one.shell.grants(f"staging streaming --role {one.role.user}")
    with Cluster(one.address).connect() as person:
        person.execute(text.encode())
        later = person.info.server_version >= 16_00_00
    assert (f'\nALTER ROLE "{one.role.user}" BYPASSRLS;' in text) == later
    assert ("CREATE POLICY" in text) != later


def test_who_may_show_the_servers_identifier_is_said(
    hosted: Callable[..., Hosted], cluster: Cluster
) -> None:
    one = hosted("CREATEROLE")
    function = "FUNCTION pg_catalog.pg_control_system()"
    with cluster.connect(one.address.database) as admin:
        admin.execute(f"REVOKE EXECUTE ON {function} FROM PUBLIC".encode())
    shown = one.left()
    for user in (one.address.user, one.role.user):
        assert f'GRANT EXECUTE ON {function} TO "{user}";' in shown
    assert one.shell.run("mark staging") == (
        3,
        f"seedbed: database '{one.address.database}' cannot be marked: role "
        f"'{one.address.user}' may not call pg_control_system(); let a superuser run GRANT EXECUTE "
        f'ON FUNCTION pg_control_system() TO "{one.address.user}"\n',
    )


def test_a_second_role_is_told_who_owns_the_records_of_the_first(
    hosted: Callable[..., Hosted], cluster: Cluster
) -> None:
    one = hosted("CREATEROLE")
    follow(one, cluster)
    with Cluster(one.role).connect() as runner:
        record.prepare(runner)
    one.shell.at(one.address)
    text = one.shell.grants("staging streaming --role second_runner")
    assert (
        f"-- role '{one.role.user}' or a superuser:\n"
        '-- GRANT ALL ON "seedbed"."claims" TO "second_runner";\n'
        '-- GRANT ALL ON "seedbed"."runs" TO "second_runner";'
    ) in text
    assert "ALL TABLES" not in text
    again = one.shell.grants(f"staging streaming --role {one.role.user}")
    assert '"runs"' not in again
    with Cluster(one.address).connect() as person:
        person.execute(again.encode())  # and it does no harm to run it twice


def follow(one: Hosted, cluster: Cluster) -> None:
    """Owner and superuser run what is printed, with policies in place of BYPASSRLS."""
    text = one.shell.grants(f"staging streaming --role {one.role.user}")
    with Cluster(one.address).connect() as person:
        person.execute(text.encode())
    with cluster.connect(one.address.database) as admin:
        for line in text.splitlines():
            if line.startswith(("-- GRANT", "-- DROP POLICY")):
                admin.execute(line[3:].encode())
    login(cluster, one.role)
    assert one.shell.run("mark staging")[0] == 0
    one.shell.at(one.role)
    one.shell.patch.setenv("APP_ENV", "staging")


def narrowed(one: Hosted) -> None:
    """The application's policies for administrators, for whom they are: they ask `profiles`."""
    with Cluster(one.address).connect() as person:
        for (table,) in person.execute(
            "SELECT tablename FROM pg_policies WHERE policyname LIKE 'admins manage%'"
        ).fetchall():
            change = f'ALTER POLICY "admins manage {table}" ON {table} TO authenticated'
            person.execute(change.encode())


def test_where_row_security_cannot_be_bypassed_policies_serve_for_a_whole_life(
    hosted: Callable[..., Hosted],
    cluster: Cluster,
    seeded_template: Callable[[Dataset], Address],
    shell: Shell,
) -> None:
    one = hosted("CREATEROLE")
    follow(one, cluster)
    code, printed = shell.run("guard staging")
    assert code == 3
    assert (
        "row security of community_posts stops the role (infinite recursion detected "
        'in policy for relation "profiles": give it BYPASSRLS, or confine such policies by '
        "ALTER POLICY … TO); "
    ) in printed
    narrowed(one)
    assert shell.run("guard staging")[0] == 0
    owner = replace(cluster.address, database=one.role.database)
    world = World(STREAMING, one.role, owner, shell.profiles, {"APP_ENV": "staging"})
    source = seeded_template(STREAMING)
    with world.superuser() as admin:
        before = contents(admin)
        world.seed("staging")
        with world.opened("verify", "staging") as work, work.database.reading() as connection:
            assert connection.execute("SHOW row_security").fetchone() == ("on",)
        found = world.digests(environment="staging")
        shell.profile("dev", 'datasets = ["streaming"]')
        shell.patch.delenv("APP_ENV")
        assert found == World(STREAMING, source, source, shell.profiles).digests()
        assert {one.added for one in world.seed("staging").values()} == {0}
        with world.opened("reset", "staging") as work:
            remove(work, strict=True)
        assert contents(admin) == before


WEAKENED = {
    "a restrictive policy": (
        "CREATE POLICY mine ON {table} AS RESTRICTIVE FOR DELETE USING (id IS NOT NULL)",
        "policy 'mine' is restrictive",
    ),
    "a restrictive policy for a group": (
        'CREATE POLICY mine ON {table} AS RESTRICTIVE TO "{group}" USING (true)',
        "policy 'mine' is restrictive",
    ),
    "a policy that is not for this role": (
        'ALTER POLICY "{policy}" ON {table} TO authenticated',
        "no policy for it says true (INSERT, UPDATE, DELETE)",
    ),
    "a policy that checks what is written": (
        'ALTER POLICY "{policy}" ON {table} WITH CHECK (id IS NOT NULL)',
        "no policy for it says true (INSERT, UPDATE)",
    ),
    "a policy that shows less": (
        'ALTER POLICY "{policy}" ON {table} USING (id IS NOT NULL)',
        "no policy for it says true (UPDATE, DELETE)",
    ),
    "policies for some commands": (
        'DROP POLICY "{policy}" ON {table}; '
        'CREATE POLICY a ON {table} FOR SELECT TO "{role}" USING (true); '
        'CREATE POLICY b ON {table} FOR INSERT TO "{role}" WITH CHECK (true); '
        'CREATE POLICY c ON {table} FOR DELETE TO "{role}" USING (true)',
        "no policy for it says true (UPDATE)",
    ),
}


@pytest.mark.parametrize(("change", "said"), WEAKENED.values(), ids=WEAKENED)
def test_policies_are_proved_by_command_and_none_may_restrict(
    hosted: Callable[..., Hosted], cluster: Cluster, change: str, said: str
) -> None:
    one = hosted("CREATEROLE")
    follow(one, cluster)
    narrowed(one)
    owner = replace(cluster.address, database=one.role.database)
    world = World(STREAMING, one.role, owner, one.shell.profiles, {"APP_ENV": "staging"})
    group = f"group_{uuid4().hex[:8]}"
    names = {
        "table": "editorial_picks",
        "policy": f"seedbed {one.role.user}",
        "role": one.role.user,
        "group": group,
    }
    with world.superuser() as admin:
        admin.execute(f"CREATE ROLE {group}; GRANT {group} TO {one.role.user}".encode())
        before = versions(admin)
        with world.opened("seed", "staging") as work:
            admin.execute(change.format(**names).encode())
            # In the middle of a run the hidden rows are an error again, not a wrong zero.
            with (
                work.database.writing() as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"),
            ):
                connection.execute("SELECT count(*) FROM editorial_picks")
        code, printed = one.shell.run("guard staging")
        assert code == 3
        assert f"row security hides rows of editorial_picks from the role: {said}" in printed
        with pytest.raises(GuardRefused, match="row security hides rows of editorial_picks"):
            world.seed("staging")
        after = versions(admin)
        after.pop("seedbed.runs", None)
        after.pop("seedbed.claims", None)
        assert after == before
        admin.execute(f"DROP OWNED BY {group}; DROP ROLE {group}".encode())
