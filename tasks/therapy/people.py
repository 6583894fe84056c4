"""People: users with the row of their role, and everybody of a role, whoever made them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import (
    SEEDED,
    Columns,
    Integers,
    Login,
    Rows,
    Table,
    entity,
    initial,
    money,
    nullable,
    text,
    text_key,
    view,
)
from tasks.therapy.texts import pick, texts

LOCALE = "en_PH"
MANY = 1_000_000
"""Users of one role that the keys have numbers for."""

# documented in docs/therapy.md; it opens seeded data only
LOGIN = Login(
    "TherapySeed2026!", hash="$2a$10$5WhQ.m86X7AE6RizWs3e2ujExG0RLxlYGy2WMtHLpNqx.RgBwyfPm"
)
"""The hash is bcrypt's, with cost 10."""

every_user = Table("every user", "User", ("role",), after=None)


def _user(rows: Rows, role: str) -> Columns:
    created = rows.ago(rows.uniform("createdAt"), 92, 200)
    login = rows.ago(rows.uniform("lastLoginAt"), 0.1, 9)
    adult = 34 if role == "therapist" else 20  # years: nobody practises before they are 22
    birth = rows.ago(rows.uniform("birthDate"), adult * 365, 64 * 365).astype("datetime64[D]")
    bios = texts("people")[f"{role}_bios"]
    town = pick(texts("people")["locations"], rows.uniform("address"))
    return {
        "email": text(rows.position + 1, prefix=role, suffix="@mentara.test"),
        "firstName": rows.pick("firstName", rows.run.pool("first_name", 300, locale=LOCALE)),
        "lastName": rows.pick("lastName", rows.run.pool("last_name", 300, locale=LOCALE)),
        "birthDate": birth.astype("datetime64[us]"),
        "address": town,
        "role": role,
        "createdAt": created,
        "updatedAt": created,
        "password": LOGIN.hash,
        "emailVerified": True if role != "client" else rows.chance("emailVerified", 0.9),
        "bio": pick(bios, rows.uniform("bio")),
        "lastLoginAt": nullable(login, rows.chance("has logged in", 0.9)),
    }


def _role_row(rows: Rows) -> Columns:
    created = rows.parent["createdAt"]
    return {"createdAt": created, "updatedAt": created}


@entity(
    table="User",
    key=text_key("cu", fan=MANY),
    count=initial("clients", among=every_user, role="client"),
    step="users",
)
def client_users(rows: Rows) -> Columns:
    """The people who look for help."""
    return _user(rows, "client")


@entity(
    table="Client",
    key=text_key("cu", fan=1, column="userId"),
    per=client_users,
    optional=("birthdate", "city", "country"),
    step="users",
)
def clients(rows: Rows) -> Columns:
    """Their rows as clients."""
    town = pd.Series(rows.parent.texts("address")).str.split(", ").str[0]
    return {
        "hasSeenTherapistRecommendations": True,
        "birthdate": rows.parent["birthDate"],
        "city": town.to_numpy(),
        "country": "Philippines",
        **_role_row(rows),
    }


@entity(
    table="User",
    key=text_key("tu", fan=MANY),
    count=initial("therapists", among=every_user, role="therapist"),
    step="users",
)
def therapist_users(rows: Rows) -> Columns:
    """The people who give it."""
    return _user(rows, "therapist")


EXPERTISE = ("Anxiety", "Depression", "Stress", "Trauma", "Insomnia", "ADHD", "Addiction", "Grief")
APPROACHES = ("Cognitive behavioral therapy", "Mindfulness", "Psychodynamic", "Solution-focused")
LICENSES = ("Psychologist", "Psychiatrist", "Guidance counselor", "Clinical social worker")


@entity(
    table="Therapist",
    key=text_key("tu", fan=1, column="userId"),
    per=therapist_users,
    step="users",
)
def therapists(rows: Rows) -> Columns:
    """Their rows as therapists, all of them approved."""
    created = rows.parent.times("createdAt")
    years = rows.integers("yearsOfExperience", 3, 12)
    success = [{"anxiety": int(a), "depression": int(b)} for a, b in _rates(rows)]
    skills, ways = rows.integers("expertise", 0, 5), rows.integers("approaches", 0, 2)
    expertise = _several(EXPERTISE, skills, 3)
    return {
        "mobile": text(rows.integers("mobile", 0, 9_999), prefix="+63 900 555 ", digits=4),
        "province": pick(_provinces(), rows.uniform("province")),
        "timezone": "Asia/Manila",
        "status": "APPROVED",
        "submissionDate": created,
        "processingDate": created + np.timedelta64(2, "D"),
        "providerType": rows.pick("providerType", LICENSES),
        "professionalLicenseType": "Licensed professional",
        "isPRCLicensed": "Yes",
        "prcLicenseNumber": text(rows.integers("prcLicenseNumber", 0, 9_999_999), digits=7),
        "expirationDateOfLicense": created + np.timedelta64(3 * 365, "D"),
        "practiceStartDate": created - years * np.timedelta64(365, "D"),
        "licenseVerified": True,
        "licenseVerifiedAt": created + np.timedelta64(2, "D"),
        "yearsOfExperience": years,
        "educationBackground": pick(texts("people")["educations"], rows.uniform("education")),
        "practiceLocation": pick(texts("people")["locations"], rows.uniform("practiceLocation")),
        "areasOfExpertise": expertise,
        "illnessSpecializations": expertise,
        "expertise": expertise,
        "approaches": _several(APPROACHES, ways, 2),
        "languages": [["English", "Filipino"]] * len(rows),
        "providedOnlineTherapyBefore": True,
        "comfortableUsingVideoConferencing": True,
        "compliesWithDataPrivacyAct": True,
        "willingToAbideByPlatformGuidelines": True,
        "treatmentSuccessRates": success,
        "sessionLength": "60 minutes",
        "hourlyRate": money(rows.integers("hourlyRate", 12, 20) * 1000),
        "createdAt": created,
        "updatedAt": created + np.timedelta64(2, "D"),
    }


def _rates(rows: Rows) -> Integers:
    rates = [rows.integers(f"success {kind}", 60, 95) for kind in ("anxiety", "depression")]
    return np.stack(rates, axis=1)


def _provinces() -> list[str]:
    return [location.split(", ")[-1] for location in texts("people")["locations"]]


def _several(values: tuple[str, ...], start: Integers, number: int) -> list[list[str]]:
    return [[values[(first + i) % len(values)] for i in range(number)] for first in start]


@entity(
    table="User",
    key=text_key("au", fan=MANY),
    count=initial("admins", among=every_user, role="admin"),
    step="users",
)
def admin_users(rows: Rows) -> Columns:
    """The people who run the platform."""
    return _user(rows, "admin")


@entity(table="Admin", key=text_key("au", fan=1, column="userId"), per=admin_users, step="users")
def admins(rows: Rows) -> Columns:
    """Their rows as administrators."""
    return {"permissions": [["users", "therapists", "reports"]] * len(rows), **_role_row(rows)}


@entity(
    table="User",
    key=text_key("mu", fan=MANY),
    count=initial("moderators", among=every_user, role="moderator"),
    step="users",
)
def moderator_users(rows: Rows) -> Columns:
    """The people who look after the communities."""
    return _user(rows, "moderator")


@entity(
    table="Moderator",
    key=text_key("mu", fan=1, column="userId"),
    per=moderator_users,
    step="users",
)
def moderators(rows: Rows) -> Columns:
    """Their rows as moderators."""
    return {"permissions": [["posts", "comments"]] * len(rows), **_role_row(rows)}


# -- everybody, whoever made them ---------------------------------------------------------------

_users = Table(
    "users", "User", ("createdAt",), after=(client_users, therapist_users, moderator_users)
)
_clients = clients.rows()
_therapists = therapists.rows("status", "hourlyRate")
_moderators = moderators.rows()


def cell(seeded: pd.Series[int], size: int) -> pd.Series[int]:
    """The neighbourhood of each row: one for every multiple of the scale, others in the first.

    Only neighbours have to do with one another, so that a larger scale changes nothing in the
    smaller one, and candidates grow as rows do.
    """
    return ((seeded - 1) // max(size, 1)).clip(lower=0)


def _of_role(rows: pd.DataFrame, users: pd.DataFrame, size: int, role: str) -> pd.DataFrame:
    found = rows.assign(cell=cell(rows[SEEDED], size), role=role).drop(columns=SEEDED)
    return found.merge(users[["id", "createdAt"]], left_on="userId", right_on="id")


@view(_clients, _users, numbers=("clients",))
def every_client(rows: pd.DataFrame, users: pd.DataFrame, size: int) -> pd.DataFrame:
    """All clients."""
    return _of_role(rows, users, size, "client")


@view(_therapists, _users, numbers=("therapists",))
def every_therapist(rows: pd.DataFrame, users: pd.DataFrame, size: int) -> pd.DataFrame:
    """All therapists who are approved: an applicant sees no clients."""
    approved = rows[rows["status"] == "APPROVED"].drop(columns="status")
    return _of_role(approved, users, size, "therapist")


@view(every_client, every_therapist)
def every_member(clients: pd.DataFrame, therapists: pd.DataFrame) -> pd.DataFrame:
    """All who take part in communities."""
    columns = ["id", "createdAt", "cell", "role"]
    return pd.concat([clients[columns], therapists[columns]], ignore_index=True)


@view(_moderators, _users, numbers=("moderators",))
def every_moderator(rows: pd.DataFrame, users: pd.DataFrame, size: int) -> pd.DataFrame:
    """All moderators."""
    return _of_role(rows, users, size, "moderator")[["id", "createdAt", "cell"]]
