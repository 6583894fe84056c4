"""What the platform keeps about its people: notifications, reports, blocks, payments."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import (
    Columns,
    Rows,
    at_least,
    choose,
    entity,
    money,
    nullable,
    others,
    text,
    text_key,
    view,
    without,
)
from tasks.therapy.meetings import every_completed
from tasks.therapy.people import every_client, every_therapist
from tasks.therapy.posts import every_post
from tasks.therapy.responses import readers
from tasks.therapy.texts import pick, pick_by, texts
from tasks.therapy.times import after, latest

TO_CLIENTS = (
    "COMMUNITY_REPLY",
    "APPOINTMENT_REMINDER",
    "MESSAGE_RECEIVED",
    "WORKSHEET_ASSIGNED",
    "COMMUNITY_POST",
    "MESSAGE_REACTION",
    "WORKSHEET_FEEDBACK",
    "COMMUNITY_WELCOME",
    "PROFILE_COMPLETION",
)
TO_THERAPISTS = (
    "CLIENT_REQUEST_RECEIVED",
    "APPOINTMENT_CONFIRMED",
    "REVIEW_RECEIVED",
    "MESSAGE_RECEIVED",
    "COMMUNITY_REPLY",
    "APPOINTMENT_REMINDER",
)


def _notification(rows: Rows, kinds: tuple[str, ...]) -> Columns:
    kind = np.array(kinds, dtype=object)[rows.position % len(kinds)]
    share = rows.uniform("text")
    start = latest(rows.parent.times("createdAt"), rows.ago(0, 7, 7))
    created = after(rows, start, rows.uniform("createdAt"), 7)
    read = rows.chance("isRead", 0.5)
    return {
        "userId": rows.parent.key,
        "title": pick_by(texts("notifications"), kind, share, "title"),
        "message": pick_by(texts("notifications"), kind, share, "message"),
        "type": kind,
        "priority": rows.weighted("priority", {"NORMAL": 8, "LOW": 1, "HIGH": 1}),
        "isRead": read,
        "readAt": nullable(after(rows, created, rows.uniform("readAt"), 1), read),
        "createdAt": created,
        "updatedAt": created,
    }


@entity(
    table="Notification",
    key=text_key("nc"),
    per=every_client,
    count=at_least("client_notifications", of="userId"),
    step="notifications",
)
def client_notifications(rows: Rows) -> Columns:
    """Every client has notifications, about half of them read."""
    return _notification(rows, TO_CLIENTS)


@entity(
    table="Notification",
    key=text_key("nt"),
    per=every_therapist,
    count=at_least("therapist_notifications", of="userId"),
    step="notifications",
)
def therapist_notifications(rows: Rows) -> Columns:
    """Every therapist has notifications, about half of them read."""
    return _notification(rows, TO_THERAPISTS)


# -- reports and blocks -------------------------------------------------------------------------


@view(readers, every_post)
def reportable(pairs: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """A post a row with one reader of it; of the first neighbourhood, as the whole is one."""
    near = pairs[pairs["cell"] == 0].sort_values(["postId", "userId"])
    return near.drop_duplicates("postId")


@entity(
    table="Report",
    key=text_key("rp", fan=1000),
    count=at_least("reports"),
    choose=choose(reportable, fills={"postId": "postId"}),
)
def reports(rows: Rows) -> Columns:
    """Some posts were reported; the first of them has been looked at."""
    chosen = rows.chosen
    share = rows.uniform("text")
    bank = texts("moderation")["reports"]
    written = after(rows, chosen["createdAt"].to_numpy(), rows.uniform("createdAt"), 6)
    return {
        "reason": pick(bank, share, "reason"),
        "content": pick(bank, share, "content"),
        "status": np.where(rows.position == 0, "REVIEWED", "PENDING").astype(object),
        "postId": chosen["postId"].to_numpy(),
        "reportedUserId": chosen["author"].to_numpy(),
        "reporterId": chosen["userId"].to_numpy(),
        "createdAt": written,
        "updatedAt": written,
    }


_block = ("blockerId", "blockedId")
_blocks_of_others = others("UserBlock", *_block)


@view(every_client, _blocks_of_others)
def blockable(clients: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """Every client of the first neighbourhood with the next one, in order of their keys."""
    near = clients[clients["cell"] == 0].sort_values("id")
    pairs = pd.DataFrame({"blockerId": near["id"], "blockedId": np.roll(near["id"], -1)})
    pairs = pairs[pairs["blockerId"] != pairs["blockedId"]]
    return without(pairs, taken, _block).assign(id=lambda p: p["blockerId"] + p["blockedId"])


@entity(
    table="UserBlock",
    key=text_key("ub", fan=1000),
    count=at_least("user_blocks"),
    choose=choose(blockable, fills={"blockerId": "blockerId", "blockedId": "blockedId"}),
)
def user_blocks(rows: Rows) -> Columns:
    """Some clients have blocked one another."""
    reasons = pick(texts("moderation")["blocks"]["reasons"], rows.uniform("reason"))
    return {
        "blockerId": rows.chosen["blockerId"].to_numpy(),
        "blockedId": rows.chosen["blockedId"].to_numpy(),
        "reason": reasons,
        "createdAt": rows.ago(rows.uniform("createdAt"), 1, 30),
    }


# -- payments -----------------------------------------------------------------------------------


@entity(
    table="PaymentMethod",
    key=text_key("py"),
    per=every_client,
    count=at_least("client_payment_methods", of="userId"),
    step="payments",
)
def payment_methods(rows: Rows) -> Columns:
    """Every client can pay; card numbers are kept nowhere, only their last four digits."""
    created = after(rows, rows.parent.times("createdAt"), rows.uniform("createdAt"), 20)
    return {
        "userId": rows.parent.key,
        "type": "CARD",
        "nickname": "My card",
        "isDefault": rows.position == 0,
        "cardLast4": text(rows.integers("cardLast4", 0, 9999), digits=4),
        "cardBrand": rows.pick("cardBrand", ("visa", "mastercard")),
        "expiryMonth": rows.integers("expiryMonth", 1, 12),
        "expiryYear": 2030 + rows.integers("expiryYear", 0, 4),
        "isVerified": True,
        "createdAt": created,
        "updatedAt": created,
    }


_methods = payment_methods.rows("userId")


@view(every_completed, every_therapist, _methods)
def payable(
    completed: pd.DataFrame, therapists: pd.DataFrame, methods: pd.DataFrame
) -> pd.DataFrame:
    """All completed meetings with the hourly rate and the client's first payment method."""
    rate = therapists.set_index("id")["hourlyRate"]
    cents = (completed["therapistId"].map(rate).fillna(100) * 100).astype(np.int64)
    first = methods.sort_values(["userId", "id"]).drop_duplicates("userId")
    method = completed["clientId"].map(first.set_index("userId")["id"])
    return completed.assign(cents=cents, method=method.astype(object))


@entity(
    table="Payment",
    key=text_key("pp"),
    per=payable,
    count=at_least("meeting_payments", of="meetingId"),
    step="payments",
)
def payments(rows: Rows) -> Columns:
    """Every completed meeting has been paid."""
    meeting = rows.parent
    paid = after(rows, meeting.times("endTime"), rows.uniform("processedAt"), 1)
    method = meeting.texts("method")
    return {
        "amount": money(meeting.numbers("cents")),
        "currency": "PHP",
        "status": "COMPLETED",
        "clientId": meeting["clientId"],
        "therapistId": meeting["therapistId"],
        "meetingId": meeting.key,
        "paymentMethodId": nullable(method, pd.notna(method)),
        "processedAt": paid,
        "createdAt": paid,
        "updatedAt": paid,
    }
