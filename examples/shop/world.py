"""The fixed facts of the shop: places, products, owners, campaigns, and the effects that are planted in the data."""

from __future__ import annotations

import numpy as np

DAY, HOUR = 86_400, 3_600
YEAR_DAYS = 365

# country, IANA zone, city, share of contacts
PLACES = (
    ("PT", "Europe/Lisbon", "Lisbon", 0.14),
    ("GB", "Europe/London", "Leeds", 0.16),
    ("DE", "Europe/Berlin", "Hamburg", 0.18),
    ("SE", "Europe/Stockholm", "Uppsala", 0.08),
    ("US", "America/New_York", "Boston", 0.16),
    ("US", "America/Los_Angeles", "Portland", 0.12),
    ("BR", "America/Sao_Paulo", "Recife", 0.06),
    ("IN", "Asia/Kolkata", "Pune", 0.05),
    ("JP", "Asia/Tokyo", "Osaka", 0.05),
)
DIAL = {
    "PT": "351",
    "GB": "44",
    "DE": "49",
    "SE": "46",
    "US": "1",
    "BR": "55",
    "IN": "91",
    "JP": "81",
}
FIRST_NAMES = tuple(
    [
        "Ada",
        "Bo",
        "Carla",
        "Dev",
        "Eli",
        "Fay",
        "Gus",
        "Hana",
        "Ivo",
        "Jun",
        "Kai",
        "Lea",
        "Max",
        "Noa",
        "Ole",
        "Pia",
        "Rui",
        "Sol",
        "Tom",
        "Uma",
    ]
)
LAST_NAMES = tuple(
    [
        "Almeida",
        "Berg",
        "Costa",
        "Dahl",
        "Evans",
        "Frank",
        "Goto",
        "Hahn",
        "Ito",
        "Jensen",
        "Kumar",
        "Lima",
        "Meyer",
        "Novak",
        "Ortiz",
    ]
)
PRIVATE_DOMAINS = ("mail.example", "post.example", "inbox.example", "letters.example")
INDUSTRIES = ("manufacturing", "software", "retail", "health", "logistics", "education")
INDUSTRY_FIT = np.array([0.7, 0.5, 0.0, 0.2, -0.4, -0.8])
SOURCES = ("search", "referral", "ads", "event", "partner")
SOURCE_EFFECT = np.array([0.0, 0.7, -0.5, 0.2, 0.4])
TITLES = ("Buyer", "Head of Operations", "Analyst", "Director", "Engineer", "Assistant")
OWNERS, REGIONS = 12, ("EMEA", "AMER", "APAC")
CATEGORIES = ("bikes", "bags", "lights", "tools", "clothing", "parts")
PRODUCTS_PER_CATEGORY = 12
TAGS = ("trial", "webinar", "partner-lead", "loyalty", "student")
UNDECLARED_TAGS = ("TEMP", "old import")

# Planted: what moves a deal's log-odds of being won.
WIN_WEIGHTS = {
    "intercept": -0.2,
    "interest": 1.1,  # shows as inbound replies
    "engagement": 0.6,  # shows as visits of the deal's contact
    "owner_skill": 0.8,
    "industry": 1.0,
    "source": 1.0,
    "push": -0.55,  # per time the close date was pushed
    "regression": -0.8,  # per step back to an earlier stage
    "amount": -0.35,  # per e-fold of the amount
}
# Planted: click rate of an opened message, by the contact's group (rows) and variant a, b, c.
VARIANTS = ("a", "b", "c")
VARIANT_CLICK = np.array([[0.30, 0.12, 0.12], [0.10, 0.28, 0.12], [0.14, 0.14, 0.26]])
# Planted: the peaks of local attention, and how much a personal peak adds to the flat part.
PEAKS = np.array([7, 12, 18, 21])
FLAT_SHARE, PEAK_WIDTH_HOURS = 0.30, 1.8
CAMPAIGN_HOUR_UTC, RANDOM_SEND_SHARE = 9, 0.30


def products() -> list[tuple[str, str, str, str, int]]:
    """id, sku, name, category and price in cents of every product."""
    rows = []
    for index in range(len(CATEGORIES) * PRODUCTS_PER_CATEGORY):
        category = CATEGORIES[index % len(CATEGORIES)]
        price = 500 + (index * 977) % 24_000
        rows.append(
            (
                f"P{index:03}",
                f"{category[:2].upper()}-{index:03}",
                f"{category} {index}",
                category,
                price,
            )
        )
    return rows


def owner_skill() -> np.ndarray:
    """Each owner's planted skill, mean 0."""
    return np.linspace(-1.2, 1.2, OWNERS)
