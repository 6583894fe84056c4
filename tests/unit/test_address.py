"""URLs: what is understood, what is refused with which sentence, and what is never repeated."""

from __future__ import annotations

import pytest

from seedbed.declare.errors import UsageError
from seedbed.engine.settings import DatabasePlace, Profile
from seedbed.postgres.connection.address import Address, choose, option, parse, passed_over

CANARY = "Kanarienvogel"
WHERE = "SEEDBED_DATABASE_URL"

BAD = {
    "": "is empty; set it to postgresql://…, or unset it",
    "mysql://u:{c}@h/d": "does not begin with postgresql://; only PostgreSQL is supported",
    "postgresql+asyncpg://u:{c}@h/d": (
        "does not begin with postgresql://; only PostgreSQL is supported"
    ),
    "{c}": "does not begin with postgresql://; only PostgreSQL is supported",
    "host=h password={c}": "has a space or a line break; write a space as %20",
    "postgresql://u:{c} x@h/d": "has a space or a line break; write a space as %20",
    "postgresql://u:{c}@h/d\n": "has a space or a line break; write a space as %20",
    "postgresql://u:{c}@h:port/d": "has a bad port; write a number from 1 to 65535, or none",
    "postgresql://u:{c}@h:/d": "has a bad port; write a number from 1 to 65535, or none",
    "postgresql://u:{c}@h:0/d": "has a bad port; write a number from 1 to 65535, or none",
    "postgresql://u:{c}@h:65536/d": "has a bad port; write a number from 1 to 65535, or none",
    "postgresql://u:{c}@x:1@h/d": (
        "has an @, /, ? or # inside its user or password; write them as %40, %2F, %3F and %23"
    ),
    "postgresql://u:1/{c}@h/d": (
        "has an @, /, ? or # inside its user or password; write them as %40, %2F, %3F and %23"
    ),
    "postgresql://u:1?{c}@h/d": (
        "has an @, /, ? or # inside its user or password; write them as %40, %2F, %3F and %23"
    ),
    "postgresql://u:1#{c}@h/d": (
        "has an @, /, ? or # inside its user or password; write them as %40, %2F, %3F and %23"
    ),
    "postgresql://u:{c}/d": "has a bad port; write a number from 1 to 65535, or none",
    "postgresql://u:{c}@h/d#x": "has a #; write it as %23",
    "postgresql://u:{c}%zz@h/d": "has a % that two hex digits do not follow; write % as %25",
    "postgresql://u:{c}%00@h/d": "has a % that two hex digits do not follow; write % as %25",
    "postgresql://u:{c}%ff@h/d": (
        "has percent-encoded bytes that are not UTF-8; encode them from UTF-8"
    ),
    "postgresql://u:{c}@[::1/d": "has a [ without ]; write an IPv6 host as [::1]",
    "postgresql://u:{c}@[::1]x/d": "has text around the [ ] of its host; write [::1]:5432",
    "postgresql://u:{c}@[db]/d": "has a bad IPv6 host; write it as [::1]",
    "postgresql://u:{c}@h1,h2/d": "names several hosts; name the one to write to",
    "postgresql://u:{c}@a..b/d": (
        "has a bad host; write letters, digits, - and _, parted by single dots"
    ),
    "postgresql://u:{c}@/d": "has no host; write postgresql://USER:PASSWORD@HOST/DATABASE",
    "postgresql:///d": "has no host; write postgresql://USER:PASSWORD@HOST/DATABASE",
    "postgresql://u:{c}@h": "has no database; end it with /DATABASE",
    "postgresql://u:{c}@h/": "has no database; end it with /DATABASE",
    "postgresql://u:{c}@h?sslrootcert=/d": "has no database; end it with /DATABASE",
    "postgresql://u:{c}@h/d/e": "has a / inside its database's name; write it as %2F",
    "postgresql://u:{c}@h/d%0Ae": "has a control character in its database's name; remove it",
    "postgresql://u:{c}@h/d?options=-crole%3D{c}": (
        "sets options, which can switch the guard's settings; remove it"
    ),
    "postgresql://u@h/d?{c}": ("has a bad or repeated parameter; write ?name=value&name=value"),
    "postgresql://u:{c}@h/d?sslmode=require&sslmode=disable": (
        "has a bad or repeated parameter; write ?name=value&name=value"
    ),
    "postgresql://u:{c}@h/d?sslmode=yes": (
        "has a bad sslmode; write one of disable, allow, prefer, require, verify-ca, verify-full"
    ),
    "postgresql://u:{c}@h/d?connect_timeout=0": (
        "has a bad connect_timeout; write 1 to 300 seconds"
    ),
}


@pytest.mark.parametrize(("url", "sentence"), BAD.items(), ids=BAD)
def test_a_bad_url_is_refused_with_a_sentence_and_without_the_password(
    url: str, sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse(url.replace("{c}", CANARY), WHERE)
    assert str(caught.value) == f"SEEDBED_DATABASE_URL: the URL {sentence}"
    assert caught.value.exit_code == 2
    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [
        ("sslmod", "unknown URL parameter of --database 'sslmod'; did you mean 'sslmode'?"),
        ("host", None),
        ("hostaddr", None),
        ("password", None),
        ("service", None),
        ("target_session_attrs", None),
        ("application_name", None),
    ],
)
def test_an_unknown_parameter_is_refused(parameter: str, sentence: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        parse(f"postgresql://u:{CANARY}@h/d?{parameter}={CANARY}", "--database")
    assert sentence is None or str(caught.value) == sentence
    assert f"unknown URL parameter of --database '{parameter}'; " in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://db.example/staging", Address("db.example", 5432, "staging")),
        ("postgres://u@DB.Example:6432/s", Address("db.example", 6432, "s", "u")),
        ("postgresql+psycopg://u:p@h/d", Address("h", 5432, "d", "u", "p")),
        (
            "postgresql://a%40b:p%2Fw%25%20%C3%BC:@h/d%2Fe",
            Address("h", 5432, "d/e", "a@b", "p/w% ü:"),
        ),
        ("postgresql://u@[::1]:5433/d", Address("::1", 5433, "d", "u")),
        ("postgresql://u@%2Frun%2Fpg/d", Address("/run/pg", 5432, "d", "u")),
        (
            "postgresql://h/d?sslmode=verify-full&sslrootcert=/etc/ca.pem&connect_timeout=5",
            Address(
                "h",
                5432,
                "d",
                options={
                    "sslmode": "verify-full",
                    "sslrootcert": "/etc/ca.pem",
                    "connect_timeout": "5",
                },
            ),
        ),
    ],
)
def test_a_good_url_is_read(url: str, address: Address) -> None:
    assert parse(url, WHERE) == address


def test_an_address_is_written_without_user_and_password() -> None:
    address = parse(f"postgresql://ann:{CANARY}@db.example/staging", WHERE)
    assert str(address) == "staging on db.example:5432"
    assert repr(address) == (
        "Address(host='db.example', port=5432, database='staging', user='ann', options={})"
    )
    assert str(parse("postgresql://[::1]/d", WHERE)) == "d on [::1]:5432"


def test_keywords_leave_nothing_for_the_variables_of_libpq_to_redirect() -> None:
    assert parse("postgresql://ann:pw@h/d?sslmode=require", WHERE).keywords() == {
        "sslmode": "require",
        "host": "h",
        "hostaddr": "",
        "port": 5432,
        "dbname": "d",
        "user": "ann",
        "password": "pw",
        "options": "",
    }
    assert "password" not in parse("postgresql://ann@h/d", WHERE).keywords()


def profile(target: DatabasePlace | None) -> Profile:
    return Profile.model_validate(
        {"name": "staging", "datasets": ("commerce",), "database": target}
    )


BY_VARIABLE = DatabasePlace.model_validate({"variable": "STAGING_URL"})


NAMES_NONE = [
    ({"SEEDBED_MY_SHOP_DATABASE_URL": "a", "SEEDBED_DATABASE_URL": "b"}, "a"),
    ({"SEEDBED_OTHER_DATABASE_URL": "a", "SEEDBED_DATABASE_URL": "b"}, "b"),
    ({"SEEDBED_DATABASE_URL": "b", "STAGING_URL": "c"}, "b"),
]


@pytest.mark.parametrize(("environ", "database"), NAMES_NONE)
def test_a_profile_that_names_no_database_takes_the_generic_variables(
    environ: dict[str, str], database: str
) -> None:
    urls = {name: f"postgresql://h/{value}" for name, value in environ.items()}
    assert choose("my-shop", profile(None), urls) == Address("h", 5432, database)
    assert passed_over("my-shop", profile(None), urls) == ""


GENERIC = {
    "SEEDBED_MY_SHOP_DATABASE_URL": "postgresql://h/a",
    "SEEDBED_DATABASE_URL": "postgresql://h/b",
}


def test_what_the_profile_names_wins_over_the_generic_variables() -> None:
    environ = {**GENERIC, "STAGING_URL": "postgresql://h/c"}
    assert choose("my-shop", profile(BY_VARIABLE), environ) == Address("h", 5432, "c")
    assert passed_over("my-shop", profile(BY_VARIABLE), environ) == (
        "SEEDBED_MY_SHOP_DATABASE_URL is set and not used for my-shop: staging.toml names the "
        "variable STAGING_URL, and generic variables count only for profiles that name no database"
    )
    server = DatabasePlace.model_validate({"host": "db.example", "database": "stg"})
    assert choose("my-shop", profile(server), GENERIC) == Address("db.example", 5432, "stg")
    assert "names the server db.example" in passed_over("my-shop", profile(server), GENERIC)


def test_a_profile_may_name_a_generic_variable() -> None:
    named = DatabasePlace.model_validate({"variable": "SEEDBED_DATABASE_URL"})
    alone = {"SEEDBED_DATABASE_URL": "postgresql://h/b"}
    assert choose("my-shop", profile(named), GENERIC) == Address("h", 5432, "b")
    assert passed_over("my-shop", profile(named), alone) == ""


def test_the_option_wins_over_all_for_its_own_dataset() -> None:
    environ = {**GENERIC, "STAGING_URL": "postgresql://h/c"}
    environ |= option("my-shop", "postgresql://h/d")
    for named in (BY_VARIABLE, None):
        assert choose("my-shop", profile(named), environ) == Address("h", 5432, "d")
    assert passed_over("my-shop", profile(BY_VARIABLE), environ) == ""
    assert choose("other", profile(BY_VARIABLE), environ) == Address("h", 5432, "c")


def test_a_profile_names_a_database_for_each_dataset() -> None:
    by_variable = DatabasePlace.model_validate({"variable": "STAGING_{DATASET}_URL"})
    environ = {"STAGING_MY_SHOP_URL": "postgresql://h/a", "STAGING_OTHER_URL": "postgresql://h/b"}
    assert choose("my-shop", profile(by_variable), environ) == Address("h", 5432, "a")
    assert choose("other", profile(by_variable), environ) == Address("h", 5432, "b")
    server = DatabasePlace.model_validate({"host": "h", "database": "{dataset}_staging"})
    assert choose("other", profile(server), {}) == Address("h", 5432, "other_staging")


def test_without_any_setting_the_embedded_server_is_meant() -> None:
    assert choose("commerce", profile(None), {}) is None


def test_a_profile_names_a_server_and_a_passfile() -> None:
    target = DatabasePlace.model_validate(
        {"host": "DB.example", "database": "stg", "user": "seed", "passfile": "/etc/pgpass"}
    )
    assert choose("commerce", profile(target), {}) == Address(
        "db.example", 5432, "stg", "seed", options={"passfile": "/etc/pgpass"}
    )


@pytest.mark.parametrize(
    ("target", "environ", "sentence"),
    [
        (
            {"variable": "STAGING_URL"},
            {},
            "staging.toml: database names the variable STAGING_URL, which is not set; "
            "set it to the URL",
        ),
        (
            {"variable": "STAGING_URL"},
            {"STAGING_URL": ""},
            "STAGING_URL: the URL is empty; set it to postgresql://…, or unset it",
        ),
        (
            {"variable": "STAGING_URL"},
            {"SEEDBED_DATABASE_URL": "postgresql://h/b"},
            "staging.toml: database names the variable STAGING_URL, which is not set; "
            "set it to the URL (SEEDBED_DATABASE_URL counts only for profiles that name no "
            "database)",
        ),
        (
            {"variable": "V", "host": "h"},
            {},
            "staging.toml: database has both variable and host; keep one of them",
        ),
        ({}, {}, "staging.toml: database has neither variable nor host; add one of them"),
        (
            {"host": "h"},
            {},
            "staging.toml: database has a host but no database; add database = NAME",
        ),
        (
            {"host": "h1,h2", "database": "d"},
            {},
            "staging.toml: database.host is not the name or address of one host",
        ),
    ],
)
def test_a_setting_that_leads_nowhere_is_refused(
    target: dict[str, str], environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        choose("commerce", profile(DatabasePlace.model_validate(target)), environ)
    assert str(caught.value) == sentence
