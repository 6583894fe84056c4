"""Conversations, what is said in them, and how others react."""

from __future__ import annotations

from collections import defaultdict

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
    counted,
    entity,
    others,
    text_key,
    view,
    without,
)
from tasks.therapy.care import active_pairs
from tasks.therapy.people import every_client, every_member, every_therapist
from tasks.therapy.texts import texts
from tasks.therapy.times import Moments, after, latest, seconds

EMOJI = ("👍", "❤️", "😊", "🙏", "👏")
NEAR = 3
"""Other clients that a client can talk to, where therapists are too few."""

_participant = ("conversationId", "userId", "joinedAt")
_with_others = others("ConversationParticipant", *_participant)


def _talks(participants: pd.DataFrame) -> pd.DataFrame:
    """The two of every conversation of exactly two, both ways round."""
    size = participants["conversationId"].value_counts()
    two = participants[participants["conversationId"].map(size) == 2]
    both = two.merge(two, on="conversationId", suffixes=("", "_other"))
    return both[both["userId"] != both["userId_other"]]


@view(every_client, every_therapist, active_pairs, _with_others, key="partnerId")
def partners(
    clients: pd.DataFrame,
    therapists: pd.DataFrame,
    pairs: pd.DataFrame,
    participants: pd.DataFrame,
) -> pd.DataFrame:
    """Whom each client could begin to talk to: their therapists, others near, then clients."""
    client = clients[["id", "cell", "createdAt"]].rename(columns={"id": "clientId"})
    doctor = therapists[["id", "cell", "createdAt"]].rename(columns={"id": "partnerId"})
    near = client.merge(doctor, on="cell", suffixes=("", "_partner"))
    own = pd.MultiIndex.from_frame(pairs[["clientId", "therapistId"]])
    treated = pd.MultiIndex.from_frame(near[["clientId", "partnerId"]]).isin(own)
    found = [near.assign(rank=np.where(treated, 0, 1))]
    place = client.groupby("cell").cumcount()
    size = client.groupby("cell")["clientId"].transform("size")
    names = {"clientId": "partnerId", "createdAt": "createdAt_partner"}
    seat = client.assign(place=place).rename(columns=names)
    for step in range(1, NEAR + 1):
        other = client.assign(place=(place + step) % size, rank=2)
        found.append(other.merge(seat, on=["cell", "place"]).drop(columns="place"))
    whole = pd.concat(found, ignore_index=True)
    whole = whole[whole["partnerId"] != whole["clientId"]]
    whole = whole.drop_duplicates(["clientId", "partnerId"])
    talks = _talks(participants).rename(columns={"userId": "clientId", "userId_other": "partnerId"})
    return without(whole, talks, ("clientId", "partnerId"))


def pace(created: Moments) -> Integers:
    """Seconds between two messages of a conversation, from when it began."""
    begin = created.astype("datetime64[s]").astype(np.int64)
    found: Integers = 60 * (2 + begin % 43) + 7
    return found


@entity(
    table="Conversation",
    key=text_key("cv"),
    per=every_client,
    count=at_least("client_conversations", of="userId", among=_with_others),
    choose=choose(partners, by="clientId", prefer="rank"),
    step="messages",
)
def conversations(rows: Rows) -> Columns:
    """Every client talks to somebody, first of all to their therapist."""
    chosen = rows.chosen
    both = latest(chosen["createdAt"].to_numpy(), chosen["createdAt_partner"].to_numpy())
    created = latest(both, rows.ago(rows.uniform("createdAt"), 1, 30))
    length = rows.run.number("conversation_messages")
    last = (created.astype("datetime64[s]") + seconds(pace(created) * length)).astype(
        "datetime64[us]"
    )
    return {
        "type": "DIRECT",
        "isActive": True,
        "lastMessageAt": last,
        "createdAt": created,
        "updatedAt": last,
    }


@entity(
    table="ConversationParticipant",
    key=text_key("cx"),
    per=conversations,
    count=at_least(2, of="conversationId"),
    step="messages",
)
def participants(rows: Rows) -> Columns:
    """The client and the partner of every conversation of ours."""
    talk = rows.parent
    client, partner = talk.parent.key, talk.chosen["partnerId"].to_numpy()
    created = talk.times("createdAt")
    return {
        "conversationId": talk.key,
        "userId": np.where(rows.position == 0, client, partner),
        "joinedAt": created + rows.position * np.timedelta64(1, "s"),
        "isActive": True,
    }


_conversations = conversations.rows("createdAt")
_participants = participants.rows(*_participant)
_said_by_others = others("Message", "conversationId", "createdAt")


def _told(talks: pd.DataFrame) -> list[int]:
    """The dialogue of each conversation (columns of `dialogues`), by the second it began in.

    Where one of the two has had that one already, they have the next.
    """
    known: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    found, talking = [], (talks[column] for column in ("kind", "first", "second"))
    began = talks["createdAt"].to_numpy().astype("datetime64[s]").astype(np.int64).tolist()
    for kind, first, second, at in zip(*talking, began, strict=True):
        size = len(texts("messages")[kind])
        heard = known[kind, first] | known[kind, second]
        turns = ((at + turn) % size for turn in range(size))
        found.append(next((one for one in turns if one not in heard), at % size))
        known[kind, first].add(found[-1])
        known[kind, second].add(found[-1])
    return found


@view(_conversations, _participants, every_member, _said_by_others)
def dialogues(
    conversations: pd.DataFrame,
    participants: pd.DataFrame,
    people: pd.DataFrame,
    said: pd.DataFrame,
) -> pd.DataFrame:
    """All conversations of two or more: who speaks first, who answers, and from when on.

    A therapist answers; else whoever joined first begins.
    """
    role = people.set_index("id")["role"]
    spoken = participants.assign(therapist=participants["userId"].map(role) == "therapist")
    spoken = spoken.sort_values(["conversationId", "therapist", "joinedAt", "id"])
    place = spoken.groupby("conversationId").cumcount()
    columns = ["conversationId", "userId", "therapist"]
    first = spoken.loc[place == 0, columns]
    second = spoken.loc[place == 1, columns]
    both = first.merge(second, on="conversationId", suffixes=("", "_second"))
    whole = both.merge(conversations, left_on="conversationId", right_on="id")
    last = said.groupby("conversationId", as_index=False)["createdAt"].max()
    whole = whole.merge(last, on="conversationId", how="left", suffixes=("", "_last"))
    whole = whole.sort_values(["createdAt", "id"], ignore_index=True)
    begin = whole["createdAt_last"].where(whole["createdAt_last"].notna(), whole["createdAt"])
    answers = whole["therapist_second"] & ~whole["therapist"]
    found = whole.rename(columns={"userId": "first", "userId_second": "second"})
    found = found[["id", "first", "second", "createdAt", SEEDED]].assign(
        kind=np.where(answers, "therapist", "member").astype(object),
        begin=begin.astype("datetime64[us]"),
    )
    return found.assign(dialogue=np.array(_told(found), dtype=np.int64))


@entity(
    table="Message",
    key=text_key("ms"),
    per=dialogues,
    count=at_least("conversation_messages", of="conversationId"),
    step="messages",
)
def messages(rows: Rows) -> Columns:
    """The two of every conversation have written in turn."""
    talk = rows.parent
    kind, dialogue = talk.texts("kind"), talk.numbers("dialogue")
    content = np.empty(len(rows), object)
    for name in ("therapist", "member"):
        of = kind == name
        lines = np.array([one["lines"] for one in texts("messages")[name]], dtype=object)
        content[of] = lines[dialogue[of], rows.position[of] % lines.shape[1]]
    begin = talk.times("begin")
    sent = (begin.astype("datetime64[s]") + seconds(pace(begin) * (rows.position + 1))).astype(
        "datetime64[us]"
    )
    return {
        "conversationId": talk.key,
        "senderId": np.where(rows.position % 2 == 0, talk.texts("first"), talk.texts("second")),
        "content": content,
        "messageType": "TEXT",
        "createdAt": sent,
        "updatedAt": sent,
    }


# -- reactions and receipts ---------------------------------------------------------------------

_messages = messages.rows("conversationId", "senderId", "createdAt")
_pair = ("messageId", "userId")
_reactions = others("MessageReaction", *_pair)
_receipts = others("MessageReadReceipt", *_pair)


def _heard(messages: pd.DataFrame, participants: pd.DataFrame) -> pd.DataFrame:
    """Our messages with everybody else in the conversation."""
    ours = messages[messages[SEEDED] > 0].rename(columns={"id": "messageId"})
    other = participants[["conversationId", "userId"]]
    pairs = ours.merge(other, on="conversationId")
    pairs = pairs[pairs["userId"] != pairs["senderId"]]
    return pairs.assign(id=pairs["messageId"] + " " + pairs["userId"])


@view(_messages, _participants, _reactions)
def unreacted(
    messages: pd.DataFrame, participants: pd.DataFrame, taken: pd.DataFrame
) -> pd.DataFrame:
    """Who has not reacted to which of our messages."""
    return without(_heard(messages, participants), taken, _pair)


@view(_messages, _participants, _receipts)
def unread(messages: pd.DataFrame, participants: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """Who has not read which of our messages."""
    return without(_heard(messages, participants), taken, _pair)


HALF_A_DAY = np.timedelta64(12, "h")
"""Within that a message is read, and after that reacted to."""


def _reacts(pairs: Rows) -> Booleans:
    return pairs.chance("reaction", 0.3)


@entity(
    table="MessageReaction",
    key=text_key("mx"),
    per=unreacted,
    count=counted(lambda pairs: _reacts(pairs).astype(np.int64)),
    step="message_interactions",
)
def message_reactions(rows: Rows) -> Columns:
    """Three in ten of our messages have a reaction."""
    sent: Moments = rows.parent.times("createdAt")
    read = (sent + HALF_A_DAY).astype("datetime64[us]")
    return {
        "messageId": rows.parent["messageId"],
        "userId": rows.parent["userId"],
        "emoji": rows.pick("emoji", EMOJI),
        "createdAt": after(rows, read, rows.uniform("createdAt"), 0.5),
    }


@entity(
    table="MessageReadReceipt",
    key=text_key("mz"),
    per=unread,
    count=counted(lambda pairs: (_reacts(pairs) | pairs.chance("receipt", 0.57)).astype(np.int64)),
    step="message_interactions",
)
def message_receipts(rows: Rows) -> Columns:
    """Seven in ten of our messages have been read."""
    sent = rows.parent.times("createdAt")
    return {
        "messageId": rows.parent["messageId"],
        "userId": rows.parent["userId"],
        "readAt": after(rows, sent, rows.uniform("readAt"), 0.5),
    }
