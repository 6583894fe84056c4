"""The command line: what is wrong is said before anything is started, with its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedbed.cli.__main__ import main
from seedbed.cli.show import as_text

CANARY = "canary-S3cret"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nothing may appear: none of these commands gets to start anything."""
    for name in ("APP_ENV", "NODE_ENV", "SEEDBED_DATABASE_URL", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SEEDBED_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


WRONG = [
    ("seed comerce", "unknown dataset 'comerce'; did you mean 'commerce'?"),
    ("seed --only ordrs", "unknown entity of commerce 'ordrs'; did you mean 'orders'?"),
    ("seed --scale 0", "scale input should be greater than or equal to 1"),
    ("seed --scale -3", "scale input should be greater than or equal to 1"),
    ("seed --scale 9999999", "scale input should be less than or equal to 1000000"),
    ("seed --scale 1.5", "argument --scale: invalid int value: '1.5'"),
    ("seed --scale many", "argument --scale: invalid int value: 'many'"),
    ("seed --seed -1", "seed input should be greater than or equal to 0"),
    ("seed --as-of yesterday", "'yesterday' is no date; write one like 2026-11-21"),
    ("seed --environment prod", "unknown environment 'prod'; known: ci, "),
    ("sed commerce", "argument COMMAND: invalid choice: 'sed'"),
    ("reset --scale 2 --dry-run", "unrecognized arguments: --scale"),
    ("reset --as-of 2026-01-01 --dry-run", "unrecognized arguments: --as-of"),
    ("reset commerce", "reset: say --confirm to remove, or --dry-run to see what would go"),
    ("mark prod commerce", "unknown environment 'prod'; known: ci, "),
    ("db recreate", "seedbed db recreate: say of which dataset: commerce, marketplace, "),
    ("grants dev commerce", "--role is missing"),
    (f"seed commerce --database mysql://u:{CANARY}@h/d", "does not begin with postgresql://"),
    (f"seed commerce --database postgresql://u:{CANARY}@h:x/d", "port"),
    (f"seed commerce --database postgresql://u:{CANARY}@h", "database"),
    (f"seed commerce --database postgresql://u:{CANARY}@x@h/d", "%40"),
    (f"seed commerce --database postgresql://u:{CANARY}%zz@h/d", "%"),
    (f"seed commerce --database postgresql://u:{CANARY}@[::1/d", "["),
    (f"seed commerce --database postgresql://u:{CANARY}@h/d?options=-csearch_path=x", "options"),
    (f"seed commerce --database postgresql://u:{CANARY}@h/d?sslmod=require", "sslmode"),
    ("seed commerce commerce --database postgresql://h/d", "goes with one dataset"),
]


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_wrong_use_is_exit_code_2_and_starts_nothing(
    line: str, said: str, capsys: pytest.CaptureFixture[str], elsewhere: Path
) -> None:
    code = main(line.split())
    printed = capsys.readouterr()
    assert code == 2
    assert said in printed.err
    assert "Traceback" not in printed.err
    assert CANARY not in printed.err + printed.out
    assert not elsewhere.exists()


REFUSED = [
    ({}, "neither APP_ENV nor NODE_ENV is set; run `export APP_ENV=staging` where it runs"),
    ({"APP_ENV": "production"}, "APP_ENV is 'production'"),
    ({"APP_ENV": " staging"}, "APP_ENV is ' staging'"),
    ({"APP_ENV": "prod-eu"}, "APP_ENV is 'prod-eu'"),
    ({"APP_ENV": "staging", "NODE_ENV": "production"}, "NODE_ENV is 'production'"),
]


@pytest.mark.parametrize(("variables", "said"), REFUSED)
def test_the_guard_refuses_with_exit_code_3_before_anything_is_opened(
    variables: dict[str, str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: Path,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(
        "SEEDBED_DATABASE_URL", f"postgresql://u:{CANARY}@127.0.0.1/commerce_staging"
    )
    assert main(["seed", "commerce", "--environment", "staging"]) == 3
    printed = capsys.readouterr().err
    assert said in printed
    assert CANARY not in printed
    assert not elsewhere.exists()


def test_a_host_that_is_not_listed_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_ENV", "staging")
    url = f"postgresql://u:{CANARY}@db.example/commerce_staging"
    monkeypatch.setenv("SEEDBED_DATABASE_URL", url)
    assert main(["seed", "commerce", "--environment", "staging"]) == 3
    assert "'db.example' is not in guard.hosts" in capsys.readouterr().err


def test_production_is_refused_in_every_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_ENV", "production")
    assert main(["seed", "commerce", "--environment", "dev"]) == 3
    assert "NODE_ENV is 'production'" in capsys.readouterr().err


def test_the_datasets_are_listed_with_their_entities(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "commerce: 16 entities in 14 tables, from tasks/commerce"
    assert "  orders               Orders of the last 30 days" in "\n".join(lines)


def test_a_profiles_section_stands_in_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    said = "[requirements.therapy]: level is 'heavy'; take light, medium, full"
    as_text([], said, done=False, timings=False)
    printed = capsys.readouterr().out
    assert printed == "failed [requirements.therapy]: level is 'heavy'; take light, medium, full\n"
