"""The Supabase auth server's admin API, emulated over a real database, as the server writes it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from tests.services.emulator import Answer, Asked, Emulator

KEY = "canary-service-S3cret"
USERS = "/auth/v1/admin/users"
VERSION = "X-Supabase-Api-Version"

_INSERT = """
    INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password,
        email_confirmed_at, confirmation_token, recovery_token, email_change_token_new,
        email_change, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
    VALUES ('00000000-0000-0000-0000-000000000000', %(id)s, 'authenticated', 'authenticated',
        %(email)s, %(password)s, %(confirmed)s, '', '', '', '', %(app)s, %(user)s, now(), now())
"""

_IDENTITY = """
    INSERT INTO auth.identities (id, user_id, provider, provider_id, identity_data,
        last_sign_in_at, created_at, updated_at)
    VALUES (gen_random_uuid(), %(id)s, 'email', %(text)s, %(data)s, now(), now(), now())
"""

_FIELDS = """
    json_build_object('id', id, 'aud', aud, 'role', role, 'email', email,
        'email_confirmed_at', email_confirmed_at, 'app_metadata', raw_app_meta_data,
        'user_metadata', raw_user_meta_data, 'created_at', created_at, 'updated_at', updated_at)
"""

Connection = psycopg.Connection[Any]


class AuthServer(Emulator):
    """Accounts in `auth.users` and `auth.identities`; each request is a transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self.most = 1000
        """Accounts a page, at most."""

    def answer(self, asked: Asked) -> Answer:
        """Answer as the server does to the service's key."""
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return self._no(asked, 401, "bad_jwt", "invalid JWT")
        if asked.path == USERS:
            return self._create(asked) if asked.method == "POST" else self._list(asked)
        return self._one(asked, UUID(asked.path.removeprefix(f"{USERS}/")))

    def trouble(self, status: int) -> Any:
        """The body of its errors."""
        return {"code": "unexpected_failure", "message": "Internal Server Error"}

    def _create(self, asked: Asked) -> Answer:
        wanted = asked.json
        email = wanted["email"].lower()
        taken = "SELECT 1 FROM auth.users WHERE email = %s AND NOT is_sso_user"
        if self._connection.execute(taken, (email,)).fetchone():
            said = "A user with this email address has already been registered"
            return self._no(asked, 422, "email_exists", said)
        name = UUID(wanted["id"]) if "id" in wanted else uuid4()
        confirmed = bool(wanted.get("email_confirm"))
        app = {"provider": "email", "providers": ["email"], **wanted.get("app_metadata", {})}
        # The server notes in the metadata that it has confirmed the address.
        user = {
            **wanted.get("user_metadata", {}),
            **({"email_verified": True} if confirmed else {}),
        }
        data = {"sub": str(name), "email": email, "email_verified": False, "phone_verified": False}
        values = {
            "id": name,
            "text": str(name),
            "email": email,
            "password": wanted.get("password_hash", "$2a$10$made-by-the-server"),
            "app": Jsonb(app),
            "user": Jsonb(user),
            "data": Jsonb(data),
        }
        try:
            with self._connection.transaction():
                query = _INSERT.replace("%(confirmed)s", "now()" if confirmed else "NULL")
                self._connection.execute(query.encode(), values)
                self._connection.execute(_IDENTITY, values)
        except psycopg.errors.UniqueViolation:
            return self._no(asked, 500, "unexpected_failure", "Database error creating new user")
        return Answer(200, self._user(name))

    def _list(self, asked: Asked) -> Answer:
        page = int(asked.query.get("page", 1))
        size = min(int(asked.query.get("per_page", 50)), self.most)
        query = f"SELECT {_FIELDS} FROM auth.users ORDER BY created_at DESC, id LIMIT %s OFFSET %s"
        rows = self._connection.execute(query.encode(), (size, (page - 1) * size)).fetchall()
        total = self._connection.execute("SELECT count(*) FROM auth.users").fetchone()
        body = {"users": [row[0] for row in rows], "aud": "authenticated"}
        return Answer(200, body, {"X-Total-Count": str(total[0] if total else 0)})

    def _one(self, asked: Asked, name: UUID) -> Answer:
        user = self._user(name)
        if user is None:
            return self._no(asked, 404, "user_not_found", "User not found")
        if asked.method == "GET":
            return Answer(200, user)
        try:
            self._connection.execute("DELETE FROM auth.users WHERE id = %s", (name,))
        except psycopg.errors.ForeignKeyViolation:
            return self._no(asked, 500, "unexpected_failure", "Database error deleting user")
        return Answer(200, {})

    def _user(self, name: UUID) -> Any:
        query = f"SELECT {_FIELDS} FROM auth.users WHERE id = %s"
        row = self._connection.execute(query.encode(), (name,)).fetchone()
        return json.loads(json.dumps(row[0])) if row else None

    def _no(self, asked: Asked, status: int, code: str, message: str) -> Answer:
        """Errors have a code since the API of 2024; older ones repeat the status."""
        if asked.headers.get(VERSION.lower()) == "2024-01-01":
            content = {"code": code, "message": message}
            return Answer(status, content, {VERSION: "2024-01-01"})
        return Answer(status, {"code": status, "error_code": code, "msg": message})
