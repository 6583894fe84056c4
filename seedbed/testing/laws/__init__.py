"""The ten laws, each a class of tests that run for every dataset of the project."""

from seedbed.testing.laws.guarded import Guard
from seedbed.testing.laws.lasting import ApplicationGoesOn, Crash
from seedbed.testing.laws.others import Edits, ExactReset
from seedbed.testing.laws.same import Convergence, Determinism, Idempotence, Stability
from seedbed.testing.laws.truth import NoLie


class Laws(
    Idempotence,
    Convergence,
    Determinism,
    Stability,
    Edits,
    ExactReset,
    Guard,
    NoLie,
    ApplicationGoesOn,
    Crash,
):
    """All ten laws. Derive a class `TestLaws` from it, and pytest runs them.

    They need the fixtures of the plugin `seedbed.testing`.
    """
