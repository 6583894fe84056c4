"""Meetings of clients and therapists, with their notes, and the worksheets in between."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import (
    SEEDED,
    Booleans,
    Columns,
    Integers,
    Rows,
    at_least,
    choose,
    entity,
    nullable,
    step,
    text_key,
    view,
)
from tasks.therapy.care import PAIR, active_pairs, assigned_clients
from tasks.therapy.people import every_therapist
from tasks.therapy.texts import pick, texts
from tasks.therapy.times import after, latest, seconds

FUTURE = ("SCHEDULED", "CONFIRMED", "WAITING")
MANILA = 8
"""Hours that Manila is ahead of UTC, all year."""

MEETINGS = step("meetings")

PATTERN = "CCFCCFCXF"
"""What becomes of a pair's meetings by position: completed, future, cancelled (X)."""


def _turns(position: Integers, pattern: str) -> tuple[Integers, Booleans]:
    """How many before each position lie on its side of now, and whether that is the future."""
    ahead = np.array([kind == "F" for kind in pattern])
    round_, place = np.divmod(position, len(pattern))
    coming = round_ * ahead.sum() + (np.cumsum(ahead) - ahead)[place]
    return np.where(ahead[place], coming, position - coming), ahead[place]


def _meeting(rows: Rows, hour: int, hours: int, pattern: str = PATTERN) -> Columns:
    """About every week, or less often where the therapist has many clients, at the pair's hour.

    A series has `hours` hours of the day from `hour` on (Manila, inside every availability of
    ours). Pairs that share an hour take turns at its weeks, along the diagonals of a table with
    a row for each of them, so that a therapist is never in two meetings at once and no meeting
    moves when others come.
    """
    chosen = rows.chosen
    place, days = (chosen[name].to_numpy(np.int64) for name in ("place", "days"))
    kinds = np.array(list(pattern))[rows.position % len(pattern)]
    number, future = _turns(rows.position, pattern)
    turn = place // (days * hours)
    diagonal = turn + number
    week = 1 + diagonal * (diagonal + 1) // 2 + turn
    weeks = np.where(future, week, -week)
    today = rows.as_of.astype(np.int64)
    monday = today - (today + 3) % 7  # day 0 was a Thursday
    day = (monday + weeks * 7 + chosen["weekday"].to_numpy(np.int64) - 1).astype("datetime64[D]")
    local = hour + place // days % hours
    start = day.astype("datetime64[s]") + seconds((local - MANILA) * 3600)
    minutes = np.array([30, 50, 60])[rows.integers("duration", 0, 2)]
    status = np.where(
        future,
        np.array(FUTURE, dtype=object)[rows.integers("status", 0, 2)],
        np.where(kinds == "C", "COMPLETED", "CANCELLED"),
    )
    created = (start - np.timedelta64(8, "D")).astype("datetime64[us]")
    created = np.minimum(created, rows.as_of.astype("datetime64[us]"))
    end = (start + seconds(minutes * 60)).astype("datetime64[us]")
    names = texts("sessions")["meetings"]
    keys = [key.decode() for key in rows.key]
    return {
        "title": pick(names["titles"], rows.uniform("title")),
        "description": pick(names["descriptions"], rows.uniform("description")),
        "startTime": start.astype("datetime64[us]"),
        "endTime": end,
        "duration": minutes,
        "status": status,
        "meetingType": "video",
        "meetingUrl": [f"https://meet.mentara.test/{key}" for key in keys],
        "clientId": chosen["clientId"].to_numpy(),
        "therapistId": chosen["therapistId"].to_numpy(),
        "createdAt": created,
        "updatedAt": np.where(kinds == "C", end, created),
    }


@entity(
    table="Meeting",
    key=text_key("me"),
    per=assigned_clients,
    count=at_least("client_meetings", of="clientId"),
    choose=choose(active_pairs, by="clientId", repeat=True),
    step=MEETINGS,
)
def client_meetings(rows: Rows) -> Columns:
    """Every client with a therapist meets them."""
    return _meeting(rows, 10, 2)


_by_client = MEETINGS.rows(*PAIR)


@entity(
    table="Meeting",
    key=text_key("mh"),
    per=every_therapist,
    count=at_least("therapist_meetings", of="therapistId", among=_by_client),
    choose=choose(active_pairs, by="therapistId", repeat=True),
    step=MEETINGS,
)
def therapist_meetings(rows: Rows) -> Columns:
    """Every therapist has enough meetings."""
    return _meeting(rows, 12, 1)


_by_both = MEETINGS.rows(*PAIR, "status")


@view(_by_both)
def completed_so_far(meetings: pd.DataFrame) -> pd.DataFrame:
    """The completed ones of these."""
    return meetings[meetings["status"] == "COMPLETED"]


@entity(
    table="Meeting",
    key=text_key("mr"),
    per=every_therapist,
    count=at_least("therapist_reviews", of="therapistId", among=completed_so_far),
    choose=choose(active_pairs, by="therapistId", repeat=True),
    step=MEETINGS,
)
def completed_meetings(rows: Rows) -> Columns:
    """Every therapist has completed as many meetings as reviews are required."""
    return _meeting(rows, 13, 1, "C")


_meetings = MEETINGS.rows(*PAIR, "status", "endTime", "startTime")


@view(_meetings)
def every_completed(meetings: pd.DataFrame) -> pd.DataFrame:
    """All completed meetings; an end that nobody wrote down is an hour after the start."""
    done = meetings[meetings["status"] == "COMPLETED"]
    hour = done["startTime"] + np.timedelta64(1, "h")
    return done.assign(endTime=done["endTime"].where(done["endTime"].notna(), hour))


@entity(
    table="MeetingNotes",
    key=text_key("mn"),
    per=every_completed,
    count=at_least("meeting_notes", of="meetingId"),
    step=MEETINGS,
)
def meeting_notes(rows: Rows) -> Columns:
    """Every completed meeting has its notes."""
    written = rows.parent.times("endTime") + seconds(rows.integers("createdAt", 300, 5400))
    return {
        "meetingId": rows.parent.key,
        "notes": pick(texts("sessions")["notes"]["texts"], rows.uniform("notes")),
        "createdAt": written,
        "updatedAt": written,
    }


# -- worksheets ---------------------------------------------------------------------------------


@entity(
    table="Worksheet",
    key=text_key("ws"),
    per=every_therapist,
    count=at_least("therapist_worksheets", of="therapistId"),
    choose=choose(active_pairs, by="therapistId", repeat=True),
    step="worksheets",
)
def worksheets(rows: Rows) -> Columns:
    """Every therapist has given his clients something to do."""
    sheets = texts("sessions")["worksheets"]
    share = rows.uniform("title")
    status = np.array(("SUBMITTED", "REVIEWED", "ASSIGNED", "OVERDUE"), dtype=object)
    kind = rows.position % 4
    # What is still open is due after as_of, everything else was due before.
    open_, past = rows.ago(rows.uniform("open"), 0, 5), rows.ago(rows.uniform("past"), 10, 50)
    created = latest(np.where(kind == 2, open_, past), rows.chosen["assignedAt"].to_numpy())
    return {
        "clientId": rows.chosen["clientId"].to_numpy(),
        "therapistId": rows.parent.key,
        "title": pick(sheets, share, "title"),
        "instructions": pick(sheets, share, "instructions"),
        "dueDate": created + np.timedelta64(7, "D"),
        "status": status[kind],
        "createdAt": created,
        "updatedAt": created,
    }


_worksheets = worksheets.rows("status", "createdAt", "dueDate")


@view(_worksheets)
def submitted(worksheets: pd.DataFrame) -> pd.DataFrame:
    """Our worksheets that were handed in."""
    handed_in = worksheets["status"].isin(["SUBMITTED", "REVIEWED"])
    return worksheets[handed_in & (worksheets[SEEDED] > 0)]


@entity(
    table="WorksheetSubmission",
    key=text_key("wb"),
    per=submitted,
    count=at_least(1, of="worksheetId"),
    step="worksheets",
)
def worksheet_submissions(rows: Rows) -> Columns:
    """What the clients handed in; what was reviewed has feedback."""
    start = rows.parent.times("createdAt")
    feedback = pick(texts("sessions")["submissions"]["feedback"], rows.uniform("feedback"))
    reviewed = rows.parent.texts("status") == "REVIEWED"
    sizes = rows.integers("fileSizes", 20_000, 900_000)
    keys = [key.decode() for key in rows.key]
    return {
        "worksheetId": rows.parent.key,
        "fileUrls": [[f"https://files.mentara.test/{key}.pdf"] for key in keys],
        "fileNames": [["worksheet.pdf"]] * len(rows),
        "fileSizes": [[int(size)] for size in sizes],
        "submittedAt": after(rows, start, rows.uniform("submittedAt"), 6),
        "feedback": nullable(feedback, reviewed),
    }
