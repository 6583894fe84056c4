"""The tests' databases: an embedded server of their own, removed when they end."""

pytest_plugins = ["seedbed.testing"]
