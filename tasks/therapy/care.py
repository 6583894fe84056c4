"""Care: who treats whom, on which days, and what clients answered before."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from seedbed import (
    Columns,
    Rows,
    at_least,
    choose,
    entity,
    nullable,
    others,
    text_key,
    view,
    without,
)
from tasks.therapy.people import every_client, every_therapist
from tasks.therapy.texts import pick, texts
from tasks.therapy.times import after, latest, seconds

PAIR = ("clientId", "therapistId")
WEEKDAYS = ("1", "2", "3", "4", "5")
"""Monday to Friday, as the application writes them."""

_others = others("ClientTherapist", *PAIR, "status")


@view(_others)
def active_with_others(relationships: pd.DataFrame) -> pd.DataFrame:
    """Those that have not ended."""
    return relationships[relationships["status"] == "active"]


@view(every_therapist, every_client, _others, key="clientId")
def could_treat(
    therapists: pd.DataFrame, clients: pd.DataFrame, taken: pd.DataFrame
) -> pd.DataFrame:
    """The clients near a therapist that he does not treat, and how many therapists they have."""
    doctor = therapists[["id", "cell", "createdAt"]].rename(columns={"id": "therapistId"})
    client = clients[["id", "cell", "createdAt"]].rename(columns={"id": "clientId"})
    pairs = without(doctor.merge(client, on="cell", suffixes=("", "_client")), taken, PAIR)
    load = taken["clientId"].value_counts()
    return pairs.assign(load=pairs["clientId"].map(load).fillna(0).astype(np.int64))


@entity(
    table="ClientTherapist",
    key=text_key("ct"),
    per=every_therapist,
    count=at_least("therapist_relationships", of="therapistId", among=active_with_others),
    choose=choose(
        could_treat, by="therapistId", fills={"clientId": "clientId"}, balance=True, prefer="load"
    ),
)
def relationships(rows: Rows) -> Columns:
    """Every therapist has clients; a client gets a second therapist only when all have one."""
    chosen = rows.chosen
    both = latest(chosen["createdAt"].to_numpy(), chosen["createdAt_client"].to_numpy())
    start = latest(both, rows.ago(0, 90, 90))
    # Each position after the one before it: whoever is added later comes last.
    share = 1 - 1 / (1 + rows.position + rows.uniform("assignedAt"))
    return {
        "clientId": chosen["clientId"].to_numpy(),
        "therapistId": rows.parent.key,
        "status": "active",
        "assignedAt": after(rows, start, share, 20),
    }


_relationships = relationships.rows(*PAIR, "status", "assignedAt")


_slots = others("TherapistAvailability", "therapistId", "dayOfWeek", "isAvailable")


@view(_slots)
def available_days(slots: pd.DataFrame) -> pd.DataFrame:
    """The days on which a therapist is available already; two slots a day are one day."""
    return slots[slots["isAvailable"].astype(bool)].drop_duplicates(["therapistId", "dayOfWeek"])


@view(every_therapist, _slots, key="dayOfWeek")
def free_days(therapists: pd.DataFrame, slots: pd.DataFrame) -> pd.DataFrame:
    """The weekdays that a therapist has nothing on."""
    days = pd.DataFrame({"dayOfWeek": np.array(WEEKDAYS, dtype=object)})
    pairs = therapists[["id"]].rename(columns={"id": "therapistId"}).merge(days, how="cross")
    return without(pairs, slots, ("therapistId", "dayOfWeek"))


@entity(
    table="TherapistAvailability",
    key=text_key("av"),
    per=every_therapist,
    count=at_least("therapist_availability", of="therapistId", among=available_days),
    choose=choose(free_days, by="therapistId", fills={"dayOfWeek": "dayOfWeek"}),
)
def availability(rows: Rows) -> Columns:
    """Every therapist has office hours on several weekdays."""
    begin, length = rows.integers("startTime", 8, 10), rows.integers("hours", 6, 8)
    created = rows.parent.times("createdAt") + seconds(rows.position)
    notes = pick(texts("moderation")["availability"]["notes"], rows.uniform("notes"))
    return {
        "therapistId": rows.parent.key,
        "dayOfWeek": rows.chosen["dayOfWeek"].to_numpy(),
        "startTime": [f"{hour:02}:00" for hour in begin],
        "endTime": [f"{hour:02}:00" for hour in begin + length],
        "timezone": "Asia/Manila",
        "isAvailable": True,
        "notes": nullable(notes, rows.chance("has notes", 0.3)),
        "createdAt": created,
        "updatedAt": created,
    }


_hours = availability.rows("therapistId", "dayOfWeek", "createdAt")


@view(_relationships, _hours)
def active_pairs(relationships: pd.DataFrame, hours: pd.DataFrame) -> pd.DataFrame:
    """Who is treated by whom, and on which weekday.

    `place` numbers a therapist's clients from 0, those of the past among them, so that nobody's
    changes when others come or go. They are spread over the `days` on which the therapist is
    available (Monday to Friday if nothing is known), in the order in which the days were given.
    """
    ordered = relationships.sort_values(["therapistId", "assignedAt", "id"])
    known = hours[hours["dayOfWeek"].isin(WEEKDAYS)].sort_values(["createdAt", "dayOfWeek"])
    known = known.drop_duplicates(["therapistId", "dayOfWeek"])
    open_on = known.groupby("therapistId")["dayOfWeek"].agg("".join)
    days = ordered["therapistId"].map(open_on.to_dict()).fillna("".join(WEEKDAYS)).astype(object)
    place = ordered.groupby("therapistId")["id"].cumcount()
    weekday = [int(on[at % len(on)]) for on, at in zip(days, place, strict=True)]
    found = ordered.assign(
        place=place, days=days.map(len), weekday=np.array(weekday, dtype=np.int64)
    )
    return found[found["status"] == "active"]


@view(active_pairs, every_client)
def assigned_clients(pairs: pd.DataFrame, clients: pd.DataFrame) -> pd.DataFrame:
    """The clients who have a therapist."""
    return clients[clients["id"].isin(pairs["clientId"])]


SEVERITY = ("minimal", "mild", "moderate", "severe")
ANSWERS = 201
"""Questions of the questionnaires together."""


@entity(
    table="PreAssessment",
    key=text_key("pa"),
    per=every_client,
    count=at_least("client_assessments", of="clientId"),
    optional=(
        "scores",
        "severityLevels",
        "aiEstimate",
        "isProcessed",
        "processedAt",
        "method",
        "data",
    ),
)
def assessments(rows: Rows) -> Columns:
    """Every client has answered the questionnaires."""
    created = after(rows, rows.parent.times("createdAt"), rows.uniform("createdAt"), 5)
    level = {k: rows.integers(k, 0, 3) for k in ("anxiety", "depression", "stress")}
    answers = [_answers(bits) for bits in rows.bits("answers")]
    scores = [{k: int(v[i]) * 7 + 3 for k, v in level.items()} for i in range(len(rows))]
    words = [{k: SEVERITY[v[i]] for k, v in level.items()} for i in range(len(rows))]
    return {
        "createdAt": created,
        "updatedAt": created,
        "clientId": rows.parent.key,
        "answers": answers,
        "scores": scores,
        "severityLevels": words,
        "aiEstimate": words,
        "isProcessed": True,
        "processedAt": created + np.timedelta64(1, "m"),
        "method": "CHECKLIST",
        "data": scores,
    }


def _answers(bits: np.uint64) -> str:
    """201 answers from 0 to 4, around a level of the client's own, as JSON."""
    draw = np.arange(ANSWERS, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + bits
    noise = (draw >> np.uint64(33)) % np.uint64(3)
    level = int(bits % np.uint64(3))
    return json.dumps([level + int(value) for value in noise])
