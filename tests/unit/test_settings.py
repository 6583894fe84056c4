"""Settings: every profile loads, and a mistaken one is told in one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from seedbed.context.errors import NoEnvironments
from seedbed.context.profiles import environments, read_profile
from seedbed.context.project import opened
from seedbed.declare.errors import BadSetting, UnknownName, UsageError
from seedbed.engine.settings import (
    Model,
    Profile,
    check,
)

SHIPPED = opened().own_environments
ENVIRONMENTS = environments(SHIPPED)


def dev(content: str, folder: Path) -> Profile:
    (folder / "dev.toml").write_text(content, encoding="utf-8")
    return read_profile("dev", folder)


def problem(content: str, folder: Path) -> str:
    with pytest.raises(UsageError) as caught:
        dev(content, folder)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_environment_has_a_profile_that_loads(name: str) -> None:
    profile = read_profile(name, SHIPPED)
    assert profile.name == name
    assert "commerce" in profile.datasets
    assert (profile.seed, profile.scale) == (42, 1)


def test_the_environments_are_the_files_that_are_there(tmp_path: Path) -> None:
    assert ENVIRONMENTS == ["ci", "ci-local", "dev", "staging", "test"]
    (tmp_path / "qa-2.toml").write_text('datasets = ["commerce"]')
    (tmp_path / "notes.txt").write_text("")
    assert environments(tmp_path) == ["qa-2"]
    assert read_profile("qa-2", tmp_path).name == "qa-2"


def test_only_staging_is_shared_and_rolls() -> None:
    profiles = [read_profile(name, SHIPPED) for name in ENVIRONMENTS]
    assert [one.name for one in profiles if one.guard.shared] == ["staging"]
    assert [one.name for one in profiles if one.refresh == "roll"] == ["staging"]
    assert read_profile("staging", SHIPPED).guard.app_env == ("staging",)


def test_no_shipped_profile_holds_a_password() -> None:
    for path in SHIPPED.glob("*.toml"):
        assert "://" not in path.read_text(encoding="utf-8")


def test_defaults_are_those_written_here(tmp_path: Path) -> None:
    profile = dev('datasets = ["commerce"]', tmp_path)
    assert profile.database is None
    assert (profile.seed, profile.scale, profile.workers) == (42, 1, 2)
    assert (profile.chunk_rows, profile.refresh) == (25_000, "roll")
    assert profile.limits.model_dump() == {
        "connect": 10,
        "lock": 3,
        "statement": 60,
        "block": 1.5,
        "busy": 10,
    }
    assert profile.guard.model_dump() == {
        "shared": False,
        "app_env": (),
        "hosts": (),
        "databases": (),
    }


def test_a_profile_is_frozen(tmp_path: Path) -> None:
    profile = dev('datasets = ["commerce"]', tmp_path)
    with pytest.raises(ValidationError):
        setattr(profile, "scale", 2)  # noqa: B010  # the type checker knows it, too


def test_the_folder_of_profiles_can_be_chosen() -> None:
    project = opened()
    assert project.environments({"SEEDBED_ENVIRONMENTS": "/etc/seedbed"}) == Path("/etc/seedbed")
    assert project.environments({"SEEDBED_ENVIRONMENTS": ""}) == SHIPPED
    assert (SHIPPED.name, SHIPPED.parent.name) == ("environments", "deployments")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("stagin", "did you mean 'staging'?"),
        ("production", "known: ci, ci-local, dev, staging, test"),
        ("", "known: ci, ci-local, dev, staging, test"),
        ("../dev", "did you mean 'dev'?"),
    ],
)
def test_an_unknown_environment_is_refused(name: str, hint: str) -> None:
    with pytest.raises(UnknownName) as caught:
        read_profile(name, SHIPPED)
    assert str(caught.value) == f"unknown environment '{name}'; {hint}"


def test_a_folder_without_profiles_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoEnvironments) as caught:
        read_profile("ci", tmp_path)
    assert str(caught.value) == (
        f"no environment in {tmp_path}: there is no file like dev.toml; write one, or run "
        "`seedbed init environment dev`"
    )


@pytest.mark.parametrize("name", ["STAGING_{dataset}_URL", "STAGING-URL", "{DATASET}{DATASET}", ""])
def test_a_name_that_no_variable_can_have_is_refused(name: str, tmp_path: Path) -> None:
    said = problem(f'datasets = ["commerce"]\n[database]\nvariable = "{name}"', tmp_path)
    assert said.startswith("dev.toml: database.variable ")


def test_a_profile_that_is_not_toml_is_told(tmp_path: Path) -> None:
    assert problem("datasets = [", tmp_path).startswith(
        f"{tmp_path}/dev.toml: profile is not TOML: "
    )


def test_a_profile_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_bytes(b'datasets = ["caf\xe9"]')
    with pytest.raises(BadSetting) as caught:
        read_profile("dev", tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/dev.toml: profile is not TOML: ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("scal = 2", "unknown setting of dev.toml 'scal'; did you mean 'scale'?"),
        ("chunkrows = 2", "unknown setting of dev.toml 'chunkrows'; did you mean 'chunk_rows'?"),
        (
            "[limits]\nstatment = 5",
            "unknown setting of dev.toml [limits] 'statment'; did you mean 'statement'?",
        ),
        (
            "[guard]\nhost = []",
            "unknown setting of dev.toml [guard] 'host'; did you mean 'hosts'?",
        ),
        (
            '[database]\nvariabel = "X"',
            "unknown setting of dev.toml [database] 'variabel'; did you mean 'variable'?",
        ),
        (
            '[database]\npasfile = "X"',
            "unknown setting of dev.toml [database] 'pasfile'; did you mean 'passfile'?",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_a_suggestion(line: str, said: str, tmp_path: Path) -> None:
    assert problem(f'datasets = ["commerce"]\n{line}', tmp_path) == said


def test_an_unknown_key_in_a_list_is_refused_with_a_suggestion() -> None:
    class Shelf(Model):
        label: str = ""

    class Library(Model):
        shelves: tuple[Shelf, ...]

    with pytest.raises(UnknownName) as caught:
        check(Library, {"shelves": [{"label": "a"}, {"lable": "b"}]}, "library.toml")
    assert str(caught.value) == (
        "unknown setting of library.toml [shelves.1] 'lable'; did you mean 'label'?"
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("scale = 0", "scale input should be greater than or equal to 1"),
        ("scale = -3", "scale input should be greater than or equal to 1"),
        (
            "scale = 1.5",
            "scale input should be a valid integer, got a number with a fractional part",
        ),
        (
            'scale = "many"',
            "scale input should be a valid integer, unable to parse string as an integer",
        ),
        ("scale = 1_000_001", "scale input should be less than or equal to 1000000"),
        ("scale = nan", "scale input should be a finite number"),
        ("seed = -1", "seed input should be greater than or equal to 0"),
        ("seed = 9223372036854775808", "seed input should be less than 9223372036854775808"),
        ("workers = 0", "workers input should be greater than or equal to 1"),
        ("workers = 65", "workers input should be less than or equal to 64"),
        ("chunk_rows = 0", "chunk_rows input should be greater than or equal to 1"),
        ("[limits]\nlock = 0", "limits.lock input should be greater than or equal to 1"),
        ("[limits]\nbusy = -1", "limits.busy input should be greater than or equal to 0"),
        (
            "[database]\nport = 65536",
            "database.port input should be less than or equal to 65535",
        ),
        ('name = "staging"', "name is the file's own; remove it"),
    ],
)
def test_a_value_outside_its_bounds_is_refused(line: str, said: str, tmp_path: Path) -> None:
    assert problem(f'datasets = ["commerce"]\n{line}', tmp_path) == f"dev.toml: {said}"


def test_a_profile_needs_a_dataset(tmp_path: Path) -> None:
    assert problem("", tmp_path) == "dev.toml: datasets field required"
    assert problem("datasets = []", tmp_path).startswith("dev.toml: datasets tuple should have")


def odd(kind: str, path: Path) -> None:
    """Something else in the place of a profile."""
    contents = {
        "long": b"#" * 1_000_001,
        "deep": b"a = " + b"[" * 100_000,
        "number": b"a = " + b"9" * 100_000,
        "binary": bytes(range(256)),
        "NUL": b'datasets = ["a\0b"]',
    }
    if kind in contents:
        path.write_bytes(contents[kind])
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path)


ODD = {
    "device": "profile is not a file; put one there",
    "pipe": "profile is not a file; put one there",
    "folder": "profile is not a file; put one there",
    "loop": "profile is missing; write it",
    "long": "profile is longer than 1,000,000 bytes; shorten it",
    "deep": "profile is not TOML: lists within lists without end",
    "number": "profile is not TOML: Exceeds the limit (4300 digits)",
    "binary": "profile is not TOML: 'utf-8' codec",
    "NUL": "profile is not TOML: Illegal character",
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_profile_is_refused_with_a_sentence(kind: str, tmp_path: Path) -> None:
    odd(kind, tmp_path / "dev.toml")
    with pytest.raises(BadSetting) as caught:
        read_profile("dev", tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/dev.toml: {ODD[kind]}")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("folder", ["/dev/zero", "/dev/null/below", f"/tmp/{'x' * 300}", "a\0b"])
def test_a_folder_of_profiles_that_is_none_is_refused_with_a_sentence(folder: str) -> None:
    with pytest.raises(UsageError, match=r"^no environment in |folder of environments cannot be"):
        read_profile("dev", Path(folder))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read")
@pytest.mark.parametrize("closed", ["dev.toml", "."])
def test_a_profile_that_is_closed_to_its_reader_is_told(closed: str, tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_text('datasets = ["commerce"]')
    (tmp_path / closed).chmod(0)
    os.seteuid(65534)
    try:
        said = r"(profile|the folder of environments) cannot be read .permission denied.;"
        with pytest.raises(BadSetting, match=said):
            read_profile("dev", tmp_path)
    finally:
        os.seteuid(0)
