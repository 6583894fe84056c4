"""A pytest plugin: the ten laws over the datasets of a project, on a real database.

In the project's `tests/conftest.py`:

    pytest_plugins = ["seedbed.testing"]

and in any test file of it:

    from seedbed.testing import Laws

    class TestLaws(Laws):
        "The ten laws, for every dataset in tasks/."

A test of one's own takes a fixture: `seeded` is a database of each dataset with its rows, `world`
one without, and `fresh` makes one of a given dataset.
"""

from seedbed.testing.cluster import Cluster, Connection
from seedbed.testing.laws import Laws
from seedbed.testing.worlds import AS_OF, World

__all__ = ["AS_OF", "Cluster", "Connection", "Laws", "World"]

pytest_plugins = ["seedbed.testing.fixtures"]
