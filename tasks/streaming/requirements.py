"""What a profile can set of the dataset."""

from seedbed import Minimum, Option

REQUIREMENTS = (
    Minimum("viewers", 60, 60, 60, "accounts that follow and vote, for every twelve creators"),
    Option(
        "followers",
        "rows",
        "follower rows, which the platform counts; or larger display counts without rows",
        among=("rows", "count"),
    ),
    Option(
        "storage_url",
        "https://storage.mock.streaming.test/object/public",
        "where the platform serves public files from",
    ),
)
