"""marketplace: counts, golden rows, and the rules that hold at any seed and scale."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any

import bcrypt
import pandas as pd
import pytest

from seedbed.declare.entity import Entity
from seedbed.declare.update import Update
from seedbed.engine.order import depth, ordered
from seedbed.engine.run import Run
from seedbed.engine.target import chunks, count
from tasks.marketplace import marketplace
from tasks.marketplace.people import LOGIN
from tasks.marketplace.reviews import gig_ratings, provider_ratings
from tasks.marketplace.texts import CATEGORIES, about_trades, bank, by_category, by_place

TODAY = date(2026, 11, 21)
ARABIC = re.compile("[\u0621-\u064a]")

COUNTS = {
    "providers": 15,
    "buyers": 4,
    "portfolio_images": 72,
    "gigs": 29,
    "orders": 135,
    "reviews": 81,
    "conversations": 36,
    "messages": 249,
}

PEOPLE = [
    ("أحمد الحداد", "ahmad.haddad1"),
    ("James Carter", "james.carter2"),
    ("ليلى منصور", "layla.mansour3"),
    ("Emily Reed", "emily.reed4"),
    ("عمر القاسم", "omar.qasem5"),
    ("Oliver Wells", "oliver.wells6"),
    ("نور بركات", "nour.barakat7"),
    ("Sophie Dawson", "sophie.dawson8"),
    ("خالد العلي", "khaled.ali9"),
    ("Daniel Morgan", "daniel.morgan10"),
    ("سلمى شاهين", "salma.shahin11"),
    ("Grace Turner", "grace.turner12"),
    ("يوسف الرفاعي", "yousef.rifai13"),
    ("Thomas Grant", "thomas.grant14"),
    ("رنا المصري", "rana.masri15"),
]

FIRST: dict[str, dict[str, object]] = {
    "providers": {
        "id": "c5eedpr000000000000000001",
        "name": "أحمد الحداد",
        "email": "provider1@herafi-seed.test",
        "emailVerified": "2025-06-04T18:41:11",
        "image": "https://images.herafi-seed.test/avatars/ahmad.haddad1.png",
        "hashedPassword": "$2a$10$l1uS/tUm2PQorLGTTTxgFOQm9bcLXxydye6FXNO.nHCRQI.sINm.O",
        "createdAt": "2025-06-04T18:35:54",
        "updatedAt": "2025-06-21T21:49:33",
        "username": "ahmad.haddad1",
        "displayName": "أحمد الحداد",
        "bio": (
            "أعمل وحدي أو مع فريق من شخصين، ولا أقبل من الطلبات إلا ما أستطيع "
            "إتقانه. المجال: أعمال السباكة."
        ),
        "avatarUrl": "https://images.herafi-seed.test/avatars/ahmad.haddad1.png",
        "isProvider": True,
        "providerBio": (
            "تعلمت أعمال السباكة من البداية ثم أدرت فريقًا صغيرًا، واليوم أفضّل "
            "أن أنجز العمل بنفسي. من يتحدث معكم هو من يحضر، ومن يحضر هو من يضمن "
            "النتيجة."
        ),
        "professionalSummary": "خبرة في أعمال السباكة للمنازل والمكاتب والمحلات.",
        "skills": ["PLUMBING", "HVAC"],
        "yearsOfExperience": 9,
        "certifications": ["أساسيات السلامة المهنية"],
    },
    "buyers": {
        "id": "c5eedby000000000000000001",
        "name": "محمود الحداد",
        "email": "buyer1@herafi-seed.test",
        "emailVerified": "2025-01-19T22:14:11",
        "image": "https://images.herafi-seed.test/avatars/mahmoud.haddad_b1.png",
        "hashedPassword": "$2a$10$l1uS/tUm2PQorLGTTTxgFOQm9bcLXxydye6FXNO.nHCRQI.sINm.O",
        "createdAt": "2025-01-19T22:09:25",
        "updatedAt": "2025-03-07T18:03:14",
        "username": "mahmoud.haddad_b1",
        "displayName": "محمود الحداد",
        "bio": "أجدد شقة قديمة خطوة خطوة.",
        "avatarUrl": "https://images.herafi-seed.test/avatars/mahmoud.haddad_b1.png",
        "isProvider": False,
    },
    "portfolio_images": {
        "id": "c5eedpi000000000000000001",
        "userId": "c5eedpr000000000000000001",
        "imageUrl": "https://images.herafi-seed.test/portfolio/ahmad.haddad1-1.jpg",
        "caption": "صمامات جديدة تحت الحوض",
        "order": 0,
        "createdAt": "2025-06-26T18:52:05",
    },
    "gigs": {
        "id": "c5eedgg000000000000000001",
        "slug": "blocked-drain-cleaning-with-a-pressure-machine-5eed1",
        "title": "تسليك المجاري المسدودة بآلة ضغط",
        "description": (
            "حوض بطيء التصريف أو رائحة كريهة من الأرضية: أنظف الأنبوب بآلة ضغط "
            "وأشطفه حتى النهاية، وأبيّن لكم سبب الانسداد حتى لا يتكرر.\n\nأحضر "
            "معي الجلب والصمامات والأنابيب بالمقاسات الشائعة، لذلك تكفي زيارة "
            "واحدة في أغلب الأحيان. تُغطى الأرضية أثناء العمل، وآخذ القطع "
            "القديمة معي.\n\nألتزم بالموعد المتفق عليه، وإن طرأ تأخير أخبركم به "
            "قبل أن تسألوا."
        ),
        "category": "PLUMBING",
        "images": [
            (
                ""
                "https://images.herafi-seed.test/gigs/blocked-drain-cleaning-with-a-pressure-machine-5eed1-1.jpg"
            ),
            (
                ""
                "https://images.herafi-seed.test/gigs/blocked-drain-cleaning-with-a-pressure-machine-5eed1-2.jpg"
            ),
        ],
        "providerId": "c5eedpr000000000000000001",
        "isActive": True,
        "createdAt": "2025-10-17T21:48:53",
        "updatedAt": "2025-10-17T21:48:53",
    },
    "orders": {
        "id": "c5eedor000000000000000001",
        "buyerId": "c5eedby000000000000000001",
        "providerId": "c5eedpr000000000000000001",
        "gigId": "c5eedgg000000000000000001",
        "selectedTier": "premium",
        "totalPrice": 420.0,
        "deliveryNotes": None,
        "status": "COMPLETED",
        "paymentConfirmed": True,
        "createdAt": "2026-04-27T18:58:34",
        "acceptedAt": "2026-04-27T20:31:02",
        "startedAt": "2026-04-28T04:07:33",
        "completedAt": "2026-05-03T19:38:01",
        "cancelledAt": None,
        "updatedAt": "2026-05-03T19:38:01",
    },
    "reviews": {
        "id": "c5eedrv000000000000000001",
        "buyerId": "c5eedby000000000000000001",
        "orderId": "c5eedor000000000000000001",
        "providerId": "c5eedpr000000000000000001",
        "gigId": "c5eedgg000000000000000001",
        "rating": 4,
        "content": (
            "رأيت الصمام التالف وفهمت سبب العطل، وهذا ما أعجبني. كان ينقص العرض شيء من التفصيل."
        ),
        "createdAt": "2026-05-10T04:05:11",
        "updatedAt": "2026-05-10T04:05:11",
    },
    "conversations": {
        "id": "c5eedcv000000000000000001",
        "participantIds": ["c5eedby000000000000000001", "c5eedpr000000000000000001"],
        "lastMessageAt": "2026-05-03T20:45:08",
        "createdAt": "2026-04-27T15:29:49",
    },
    "messages": {
        "id": "c5eedms000000000000000001",
        "conversationId": "c5eedcv000000000000000001",
        "senderId": "c5eedby000000000000000001",
        "content": (
            "السلام عليكم، تضاعفت فاتورة المياه عندنا وأظن أن هناك تسربًا. هل "
            "يمكن إيجاده دون فتح الجدار كله؟"
        ),
        "readAt": "2026-04-27T15:31:09",
        "createdAt": "2026-04-27T15:29:49",
    },
}

TIERS = {
    "basic": {
        "name": "Basic",
        "description": "إصلاح واحد في موضع واحد مع القطع الصغيرة.",
        "features": ["زيارة وتشخيص", "الجلب القياسية مشمولة"],
        "price": 110,
        "deliveryDays": 3,
        "revisions": 0,
    },
    "standard": {
        "name": "Standard",
        "description": ("ثلاثة إصلاحات على الأكثر في زيارة واحدة مع جلب وصمامات جديدة عند الحاجة."),
        "features": [
            "زيارة وتشخيص",
            "الجلب القياسية مشمولة",
            "فحص ضغط لكل الوصلات",
            "رفع القطع القديمة",
        ],
        "price": 165,
        "deliveryDays": 5,
        "revisions": 2,
    },
    "premium": {
        "name": "Premium",
        "description": "فحص كامل للشقة وإصلاح كل ما يظهر، مع اختبار ضغط في النهاية.",
        "features": [
            "زيارة وتشخيص",
            "الجلب القياسية مشمولة",
            "فحص ضغط لكل الوصلات",
            "رفع القطع القديمة",
            "تقرير مكتوب مع صور",
            "ضمان ثلاثة أشهر",
        ],
        "price": 420,
        "deliveryDays": 13,
        "revisions": 2,
    },
}


def run(*, seed: int = 42, scale: int = 1, anchor: date = TODAY, as_of: date = TODAY) -> Run:
    return Run("marketplace", seed, as_of, anchor, scale)


def named(name: str) -> Entity:
    (found,) = [one for one in marketplace.entities if one.name == name]
    return found


def table(name: str, at: Run) -> Any:
    """All rows of an entity (whose types mypy cannot know)."""
    return at.frame(named(name))


@cache
def golden(name: str) -> Any:
    return table(name, run())


def plain(row: Any) -> dict[str, object]:
    """A row's values as one writes them: moments as text, nothing as None."""
    found: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, pd.Timestamp):
            found[name] = value.isoformat()
        elif not isinstance(value, list) and pd.isna(value):
            found[name] = None
        else:
            found[name] = getattr(value, "item", lambda value=value: value)()
    return found


ANYWHERE = pytest.mark.parametrize(("seed", "scale"), [(42, 1), (1, 1), (2, 1), (3, 2), (4, 5)])
"""Seeds and scales at which the rules are tried."""

# -- counts and order -----------------------------------------------------------------------


@pytest.mark.parametrize("name", COUNTS)
def test_every_entity_has_its_count(name: str) -> None:
    assert count(named(name), run()) == len(golden(name)) == COUNTS[name]


def test_the_counts_cover_every_entity() -> None:
    assert [one.name for one in marketplace.entities] == list(COUNTS)


def test_the_order_is_that_of_the_picture() -> None:
    assert {one.name: depth(one) for one in marketplace.steps} == {
        "providers": 0,
        "buyers": 0,
        "portfolio_images": 1,
        "gigs": 1,
        "orders": 2,
        "reviews": 3,
        "conversations": 3,
        "messages": 4,
        "provider_ratings": 4,
        "buyer_ratings": 4,
        "gig_ratings": 4,
    }
    assert len(ordered(marketplace.steps)) == 11
    assert {one.task for one in marketplace.later} == {"aggregates"}


@pytest.mark.parametrize("name", COUNTS)
def test_a_larger_scale_contains_the_smaller_one(name: str) -> None:
    larger, smaller = table(name, run(scale=3)), golden(name)
    assert larger.head(len(smaller)).astype(object).equals(smaller.astype(object))


def test_scale_is_the_number_of_districts() -> None:
    at = run(scale=3)
    assert (count(named("providers"), at), count(named("buyers"), at)) == (45, 12)


# -- golden rows ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIRST)
def test_the_first_row_is_as_written(name: str) -> None:
    found = plain(golden(name).iloc[0])
    assert found == FIRST[name] | {
        k: found[k] for k in ("pricingTiers", "tierSnapshot") if k in found
    }


def test_the_first_gig_has_its_three_tiers() -> None:
    assert json.loads(golden("gigs")["pricingTiers"][0]) == TIERS
    order = golden("orders").iloc[0]
    assert json.loads(order["tierSnapshot"]) == TIERS[order["selectedTier"]]


def test_people_have_their_names_at_any_seed() -> None:
    for seed in (42, 7):
        people = table("providers", run(seed=seed))
        assert list(zip(people["name"], people["username"], strict=True)) == PEOPLE
        assert people["email"][14] == "provider15@herafi-seed.test"
    buyers = golden("buyers")
    assert buyers["name"].to_list() == ["محمود الحداد", "Henry Carter", "هدى منصور", "Laura Reed"]
    assert buyers["email"][3] == "buyer4@herafi-seed.test"


def test_the_password_opens_the_stored_hash() -> None:
    assert LOGIN.password == "HerafiSeed2026!"
    assert bcrypt.checkpw(LOGIN.password.encode(), LOGIN.hash.encode())
    assert LOGIN.hash.startswith("$2a$10$")
    for name in ("providers", "buyers"):
        assert set(golden(name)["hashedPassword"]) == {LOGIN.hash}


def test_keys_look_like_the_applications_own_and_carry_the_mark() -> None:
    for name in COUNTS:
        assert golden(name)["id"].str.fullmatch("c5eed[0-9a-z]{20}").all()


# -- rules ----------------------------------------------------------------------------------


@ANYWHERE
def test_half_of_the_people_are_arabic_and_no_two_share_a_name(seed: int, scale: int) -> None:
    at = run(seed=seed, scale=scale)
    people = table("providers", at)
    arabic = people["name"].str.contains(ARABIC)
    assert abs(2 * arabic.sum() - len(people)) <= 1
    everybody = pd.concat([people, table("buyers", at)])
    assert everybody["name"].is_unique
    assert everybody["username"].is_unique
    assert everybody["username"].str.isascii().all()


@ANYWHERE
def test_every_category_has_a_gig_and_every_provider_one_to_three(seed: int, scale: int) -> None:
    gigs = table("gigs", run(seed=seed, scale=scale))
    assert set(gigs["category"]) == set(CATEGORIES)
    each = gigs.groupby("providerId")["category"]
    assert (len(each), each.size().min() >= 1, each.size().max() <= 3) == (15 * scale, True, True)
    assert (each.nunique() == each.size()).all()
    assert gigs["slug"].is_unique
    assert gigs["slug"].str.fullmatch("[a-z]+(-[a-z]+)*-5eed[0-9]+").all()


@ANYWHERE
def test_skills_are_the_categories_of_the_gigs(seed: int, scale: int) -> None:
    at = run(seed=seed, scale=scale)
    own = table("gigs", at).groupby("providerId")["category"].agg(list)
    people = table("providers", at).set_index("id")
    assert people["skills"].to_dict() == own.to_dict()


@ANYWHERE
def test_gigs_have_what_the_validators_want(seed: int, scale: int) -> None:
    gigs = table("gigs", run(seed=seed, scale=scale))
    assert gigs["title"].str.len().between(10, 100).all()
    assert gigs["description"].str.len().between(50, 5000).all()
    for tiers in gigs["pricingTiers"].map(json.loads):
        assert list(tiers) == ["basic", "standard", "premium"]
        assert [one["name"] for one in tiers.values()] == ["Basic", "Standard", "Premium"]
        assert [len(one["features"]) for one in tiers.values()] == [2, 4, 6]
        for one in tiers.values():
            assert 10 <= len(one["description"]) <= 200
            assert 1 <= one["deliveryDays"] <= 14
            assert 0 <= one["revisions"] <= 4
        for less, more in pairwise(tiers.values()):
            assert 0 < less["price"] < more["price"] <= 1200
            assert less["deliveryDays"] <= more["deliveryDays"]


@ANYWHERE
def test_orders_are_three_to_six_a_gig_by_neighbours(seed: int, scale: int) -> None:
    at = run(seed=seed, scale=scale)
    orders = table("orders", at)
    assert orders.groupby("gigId").size().between(3, 6).all()
    assert orders["gigId"].nunique() == len(table("gigs", at))
    assert set(orders["status"]) == {"COMPLETED"}
    assert orders.groupby("providerId")["buyerId"].nunique().between(2, 3).all()
    assert set(orders["buyerId"]) == set(table("buyers", at)["id"])
    number = {
        key: place
        for name in ("providers", "buyers")
        for place, key in enumerate(table(name, at)["id"])
    }
    district = orders["providerId"].map(number) // 15
    assert (orders["buyerId"].astype(object).map(number) // 4 == district).all()


@ANYWHERE
def test_moments_are_in_order_and_none_lies_after_today(seed: int, scale: int) -> None:
    at = run(seed=seed, scale=scale)
    orders = table("orders", at)
    for sooner, later in pairwise(["createdAt", "acceptedAt", "startedAt", "completedAt"]):
        assert (orders[sooner] < orders[later]).all()
    assert (orders["completedAt"] - orders["startedAt"] >= pd.Timedelta(days=1)).all()
    reviews = table("reviews", at).merge(orders, left_on="orderId", right_on="id")
    assert (reviews["createdAt_x"] >= reviews["completedAt"]).all()
    messages = table("messages", at)
    assert messages.groupby("conversationId")["createdAt"].is_monotonic_increasing.all()
    follows = messages.groupby("conversationId")["createdAt"].shift(-1)
    assert (follows.isna() | (messages["readAt"] <= follows)).all()
    for name in COUNTS:
        rows = table(name, at)
        for column in rows.select_dtypes("datetime"):
            assert rows[column].max() < pd.Timestamp(TODAY)


@ANYWHERE
def test_reviews_are_three_to_eight_a_provider_with_a_mean_of_at_least_3_5(
    seed: int, scale: int
) -> None:
    at = run(seed=seed, scale=scale)
    orders, reviews = table("orders", at), table("reviews", at)
    each = reviews.groupby("providerId")
    assert len(each) == 15 * scale
    assert each.size().between(3, 8).all()
    assert (each.size() <= orders.groupby("providerId").size()).all()
    assert each["rating"].mean().between(3.5, 5.0).all()
    assert reviews["orderId"].is_unique
    joined = reviews.merge(orders, left_on="orderId", right_on="id", suffixes=("", "_order"))
    for column in ("buyerId", "providerId", "gigId"):
        assert (joined[column].astype(str) == joined[f"{column}_order"].astype(str)).all()


def test_ratings_keep_their_shares() -> None:
    shares = table("reviews", run(scale=100))["rating"].value_counts(normalize=True)
    assert {stars: round(share, 2) for stars, share in shares.items()} == {
        4: pytest.approx(0.65, abs=0.015),
        5: pytest.approx(0.25, abs=0.015),
        3: pytest.approx(0.10, abs=0.015),
    }


@ANYWHERE
def test_no_two_reviews_of_a_provider_are_the_same(seed: int, scale: int) -> None:
    written = table("reviews", run(seed=seed, scale=scale)).dropna(subset="content")
    assert not written.duplicated(["providerId", "content"]).any()
    assert written["content"].str.len().between(10, 1000).all()


def test_everybody_at_scale_1_has_words_of_their_own() -> None:
    assert not golden("reviews")["content"].dropna().duplicated().any()
    assert not golden("messages").groupby("conversationId")["content"].first().duplicated().any()


@ANYWHERE
def test_every_pair_that_ordered_has_one_conversation_of_both(seed: int, scale: int) -> None:
    at = run(seed=seed, scale=scale)
    orders, talks, messages = (table(name, at) for name in ("orders", "conversations", "messages"))
    both = zip(orders["buyerId"], orders["providerId"], strict=True)
    pairs = {tuple(sorted(pair)) for pair in both}
    assert sorted(map(tuple, talks["participantIds"])) == sorted(pairs)
    members = talks.set_index("id")["participantIds"].map(set)
    said = messages.groupby("conversationId")
    assert said.size().between(6, 8).all()
    assert said["senderId"].agg(set).to_dict() == members.to_dict()
    last = talks.set_index("id")["lastMessageAt"]
    assert said["createdAt"].max().to_dict() == last.to_dict()


@ANYWHERE
def test_people_write_in_their_own_language(seed: int, scale: int) -> None:
    at = run(seed=seed, scale=scale)
    people = pd.concat([table("providers", at), table("buyers", at)]).set_index("id")["name"]
    arabic = people.str.contains(ARABIC)
    gigs, reviews = table("gigs", at), table("reviews", at).dropna(subset="content")
    for part in ("title", "description"):
        assert (gigs[part].str.contains(ARABIC) == gigs["providerId"].map(arabic)).all()
    writer = reviews["buyerId"].astype(object).map(arabic)
    assert (reviews["content"].str.contains(ARABIC) == writer).all()


def test_both_languages_have_the_same_texts_for_every_category() -> None:
    for part, size in (
        ("titles", 3),
        ("abouts", 3),
        ("tiers", 3),
        ("features", 6),
        ("captions", 4),
    ):
        assert by_category("gigs", part).shape == (2, 13, size)
    assert by_category("gigs", "method").shape == (2, 13)
    assert by_category("reviews", "praise").shape == (2, 13, 5)
    assert by_category("reviews", "fair").shape == (2, 13, 2)
    assert by_category("messages", "questions").shape == (2, 13, 3)
    assert by_place("messages", "notes").shape == (2, 2, 6)
    assert about_trades("bios").shape == (2, 13, 3)
    for name in ("first", "last", "latin_first", "latin_last"):
        assert len(set(bank("people", name)[0])) == len(set(bank("people", name)[1])) == 16


def test_no_address_leads_to_a_real_host() -> None:
    for name, column in (("providers", "avatarUrl"), ("portfolio_images", "imageUrl")):
        assert golden(name)[column].str.startswith("https://images.herafi-seed.test/").all()
    urls = golden("gigs")["images"].explode()
    assert urls.str.startswith("https://images.herafi-seed.test/gigs/").all()
    assert len(urls) == 2 * COUNTS["gigs"]


# -- aggregates -----------------------------------------------------------------------------


def aggregates(step: Update, given: pd.DataFrame) -> Any:
    """What an update makes of its entity's rows, with these reviews alone."""
    held = golden(step.of.name)[["id", "updatedAt"]]
    frames = {"Review": given, step.table: held}
    (rows,) = chunks(step.of, run().reading(lambda one: frames[one.table]), 1_000)
    made = {name: column for name, column in step.columns(rows).items() if name != "id"}
    return pd.DataFrame(made, index=held["id"])


def given(*stars: tuple[int, str]) -> pd.DataFrame:
    """Reviews of the first provider's first gig, whoever wrote them: stars and day."""
    return pd.DataFrame(
        {
            "providerId": "c5eedpr000000000000000001",
            "gigId": "c5eedgg000000000000000001",
            "rating": [one for one, _ in stars],
            "createdAt": pd.to_datetime([day for _, day in stars]).astype("datetime64[us]"),
        }
    )


@pytest.mark.parametrize("step", [provider_ratings, gig_ratings])
def test_aggregates_are_the_mean_to_one_decimal_and_the_number(step: Update) -> None:
    found = aggregates(step, given((5, "2026-01-01"), (4, "2026-01-02"), (4, "2030-01-03")))
    assert found.iloc[0].to_list() == [4.3, 3, pd.Timestamp("2030-01-03")]
    before = golden(step.of.name)["updatedAt"]
    assert found.iloc[1].to_list() == [0.0, 0, before[1]]
    # A row that has been updated later than its last review stays so.
    early = aggregates(step, given((1, "2020-01-01")))
    assert early.iloc[0].to_list() == [1.0, 1, before[0]]


@pytest.mark.parametrize(
    ("stars", "mean"),
    [((5, 4, 4, 4), 4.3), ((4, 4, 4, 3), 3.8), ((5, 5, 4), 4.7), ((4, 5), 4.5), ((3,), 3.0)],
)
def test_a_mean_is_rounded_half_up(stars: tuple[int, ...], mean: float) -> None:
    found = aggregates(provider_ratings, given(*((one, "2026-01-01") for one in stars)))
    assert found["averageRating"].iloc[0] == mean


def test_nobody_has_a_rating_without_reviews() -> None:
    found = aggregates(provider_ratings, given())
    assert set(found["averageRating"]) == {0.0}
    assert set(found["totalReviews"]) == {0}
