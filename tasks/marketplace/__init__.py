"""marketplace: providers with their gigs, and what buyers ordered, said and thought of them.

providers ─┬─ portfolio_images
           └─ gigs ─┬─ orders ─┬─ reviews ── aggregates (of providers, buyers, gigs)
buyers ─────────────┘          └─ conversations ── messages
"""

from pathlib import Path

from seedbed import Dataset
from tasks.marketplace.conversations import conversations, messages
from tasks.marketplace.gigs import gigs
from tasks.marketplace.orders import orders
from tasks.marketplace.people import buyers, portfolio_images, providers
from tasks.marketplace.reviews import buyer_ratings, gig_ratings, provider_ratings, reviews

marketplace = Dataset(
    name="marketplace",
    folder=Path(__file__).parent,
    entities=(
        providers,
        buyers,
        portfolio_images,
        gigs,
        orders,
        reviews,
        conversations,
        messages,
    ),
    later=(provider_ratings, buyer_ratings, gig_ratings),
)
