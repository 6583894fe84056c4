"""Conversations of buyers with the providers they ordered from, and what is said in them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seedbed import Columns, Integers, Rows, counted, entity, nullable, text_key
from tasks.marketplace.ledger import buyer_of, languages, opens, trades
from tasks.marketplace.orders import orders
from tasks.marketplace.people import providers
from tasks.marketplace.texts import DIGITAL, Objects, bank, by_category, by_place
from tasks.marketplace.times import HOUR, MINUTE, Moments, Spans, span

LINES = (6, 8)
"""Messages of a conversation: the last two, thanks and goodbye, can be missing."""

_ASKED = ("questions", "answers")
_TURNS = ("agree", "accepted", "details", "finished", "thanks", "welcome")
"""What follows on question and answer; buyer and provider in turn."""

UNREAD = 0.4
"""Conversations whose last message nobody has read yet."""


def length(conversations: Rows) -> Integers:
    """Six to eight messages a conversation."""
    return conversations.integers("length", *LINES)


def moments(conversations: Rows) -> Moments:
    """When each message was sent, shape (n, 8): asked before the order, thanked after the work."""
    order, gap = conversations.parent, _gaps(conversations)
    stages = ("createdAt", "acceptedAt", "completedAt")
    created, accepted, completed = map(order.times, stages)
    asked = created - span(conversations.uniform("asked"), 3 * HOUR, 4 * HOUR)
    before = [asked, asked + gap[0], asked + gap[0] + gap[1]]
    agreed = [accepted + gap[2], accepted + gap[2] + gap[3]]
    done = [completed + gap[4], completed + gap[4] + gap[5], completed + gap[4] + gap[5] + gap[6]]
    return np.stack([*before, *agreed, *done], axis=1)


def _gaps(conversations: Rows) -> list[Spans]:
    """Five minutes to an hour between one message and the next."""
    return [span(conversations.uniform(f"gap {n}"), 5 * MINUTE, HOUR) for n in range(7)]


def _two(orders: Rows) -> npt.NDArray[np.str_]:
    """Who ordered and who was asked to, shape (n, 2)."""
    both = [orders.texts(name) for name in ("buyerId", "providerId")]
    return np.stack(both, axis=1).astype(str)


@entity(
    table="Conversation",
    key=text_key("cv", fan=1),
    per=orders,
    count=counted(opens),
    references={"participantIds": providers},
)
def conversations(rows: Rows) -> Columns:
    """A buyer and a provider, about the first thing that the one ordered from the other."""
    order = rows.parent
    sent = moments(rows)
    return {
        "participantIds": np.sort(_two(order), axis=1).tolist(),
        "lastMessageAt": sent[np.arange(len(rows)), length(rows) - 1],
        "createdAt": sent[:, 0],
    }


def lines(conversations: Rows) -> Objects:
    """What is said in every conversation, in the buyer's language: shape (n, 8)."""
    order = conversations.parent
    provider = order.parent.parent
    language = languages(buyer_of(provider, order.position))
    category = trades(provider.position, order.parent.position)
    # A customer asks what no other customer of the provider does.
    asked = [by_category("messages", part)[language, category, order.position] for part in _ASKED]
    return np.stack([*asked, *_rest(conversations, language, category)], axis=1)


def _rest(conversations: Rows, language: Integers, category: Integers) -> list[Objects]:
    place, found = DIGITAL[category].astype(np.int64), []
    for turn in _TURNS:
        if turn in ("accepted", "details", "finished"):
            banks = by_place("messages", turn)[language, place]
        else:
            banks = bank("messages", turn, "common")[language]
        drawn = conversations.integers(turn, 0, banks.shape[1] - 1)
        found.append(banks[np.arange(len(drawn)), drawn])
    return found


@entity(
    table="Message",
    key=text_key("ms", fan=LINES[1]),
    per=conversations,
    count=counted(length),
)
def messages(rows: Rows) -> Columns:
    """Question, answer, agreement, work and thanks, written in turn."""
    talk, every = rows.parent, np.arange(len(rows))
    order = talk.parent
    sent = moments(talk)[every, rows.position]
    last = rows.position == length(talk) - 1
    return {
        "conversationId": talk.key,
        "senderId": _two(order)[every, rows.position % 2],
        "content": lines(talk)[every, rows.position],
        "readAt": nullable(
            sent + span(rows.uniform("readAt"), MINUTE, 5 * MINUTE),
            ~(last & talk.chance("unread", UNREAD)),
        ),
        "createdAt": sent,
    }
