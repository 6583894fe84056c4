"""Reviews of completed meetings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import Columns, Rows, at_least, choose, entity, others, step, text_key, view
from tasks.therapy.care import assigned_clients
from tasks.therapy.meetings import every_completed
from tasks.therapy.people import every_therapist
from tasks.therapy.texts import pick, texts
from tasks.therapy.times import after

_reviewed = ("clientId", "therapistId", "meetingId")
REVIEWS = step("reviews")
_reviews_of_others = others("Review", *_reviewed)

RATINGS = {5: 25, 4: 15, 3: 5, 2: 2, 1: 1}
BANKS = {5: "five", 4: "four", 3: "three", 2: "two", 1: "one"}


def _unreviewed(completed: pd.DataFrame, reviews: pd.DataFrame) -> pd.DataFrame:
    return completed[~completed["id"].isin(reviews["meetingId"])]


def _review(rows: Rows) -> Columns:
    chosen = rows.chosen
    rating = np.asarray(rows.weighted("rating", RATINGS)).astype(np.int64)
    share = rows.uniform("content")
    title, content = np.empty(len(rows), object), np.empty(len(rows), object)
    for stars, bank in BANKS.items():
        of = rating == stars
        title[of] = pick(texts("reviews")[bank], share[of], "title")
        content[of] = pick(texts("reviews")[bank], share[of], "content")
    written = after(rows, chosen["endTime"].to_numpy(), rows.uniform("createdAt"), 7)
    return {
        "rating": rating,
        "title": title,
        "content": content,
        "isAnonymous": rows.chance("isAnonymous", 0.2),
        "clientId": chosen["clientId"].to_numpy(),
        "therapistId": chosen["therapistId"].to_numpy(),
        "meetingId": chosen["id"].to_numpy(),
        "isVerified": True,
        "createdAt": written,
        "updatedAt": written,
    }


@view(every_completed, _reviews_of_others)
def reviewable(completed: pd.DataFrame, reviews: pd.DataFrame) -> pd.DataFrame:
    """Completed meetings that nobody has reviewed."""
    return _unreviewed(completed, reviews)


@view(assigned_clients, every_completed)
def treated_clients(clients: pd.DataFrame, completed: pd.DataFrame) -> pd.DataFrame:
    """Clients who have completed a meeting."""
    return clients[clients["id"].isin(completed["clientId"])]


@entity(
    table="Review",
    key=text_key("rv"),
    per=treated_clients,
    count=at_least("client_reviews", of="clientId"),
    choose=choose(reviewable, by="clientId", fills={"meetingId": "id"}),
    step=REVIEWS,
)
def client_reviews(rows: Rows) -> Columns:
    """Every client who has completed a meeting has reviewed one."""
    return _review(rows)


_reviews = REVIEWS.rows(*_reviewed)


@view(every_completed, _reviews)
def still_reviewable(completed: pd.DataFrame, reviews: pd.DataFrame) -> pd.DataFrame:
    """Completed meetings that nobody has reviewed after that."""
    return _unreviewed(completed, reviews)


@entity(
    table="Review",
    key=text_key("rt"),
    per=every_therapist,
    count=at_least("therapist_reviews", of="therapistId", among=_reviews),
    choose=choose(still_reviewable, by="therapistId", fills={"meetingId": "id"}),
    step=REVIEWS,
)
def therapist_reviews(rows: Rows) -> Columns:
    """Every therapist has been reviewed."""
    return _review(rows)
