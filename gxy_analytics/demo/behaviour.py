"""What visitors do: bounce, browse, search, buy, come back. Steps of a visit by intent, and the order it may end in.

Shares are chosen so that about one visit in twenty buys; the mechanics of a visit are in `visits.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gxy_analytics.demo.catalogue import Product
from gxy_analytics.demo.orders import Order, price_order
from gxy_analytics.demo.visits import ClosingTime, Visit

CAMPAIGNS = (
    ({"source": "newsletter", "medium": "email", "name": "weekly-letter"}, ""),
    ({"source": "google", "medium": "cpc", "name": "brand", "term": "shop"}, "https://www.google.com/"),
    ({"source": "instagram", "medium": "social", "name": "autumn-drop", "content": "story"}, "https://l.instagram.com/"),
    ({"source": "partner-blog", "medium": "affiliate", "name": "gift-guide"}, "https://giftguide.example.org/"),
)
REFERRERS = ("https://www.google.com/", "https://duckduckgo.com/", "https://www.bing.com/", "https://www.pinterest.com/")
CAMPAIGN_SHARE, REFERRED_SHARE = 0.28, 0.40
TYPOS = ("gift card", "sale", "xylophone", "opening hours")
STEPS = ("contact", "delivery", "payment")
LONG_BREAK_SHARE = 0.03  # of buying visits; longer than the half hour that ends a session
GUEST_SHARE = 0.25  # of purchases by registered shoppers that happen without logging in
COUPON_SHARE = 0.22


@dataclass(frozen=True)
class Outcome:
    """A finished visit: what it sent (in `visit.events`) and what it ordered."""

    visit: Visit
    order: Order | None


def live_through(visit: Visit, order_number: str) -> Outcome:
    """Let the visitor do what they came for; the visit is cut where the simulated world ends."""
    order: list[Order] = []
    try:
        _arrive(visit)
        _choose_intent(visit)(visit, order_number, order)
    except ClosingTime:
        pass
    return Outcome(visit, order[0] if order else None)


Intent = Callable[[Visit, str, list[Order]], None]


def _choose_intent(visit: Visit) -> Intent:
    loyalty = visit.shopper.loyalty
    loyal = 0.12 * loyalty if visit.shopper.registered else 0.0
    weights = (0.36, 0.36, 0.15, 0.05 + 0.22 * loyalty, loyal)
    return visit.rng.choices((_bounce, _browse, _search, _buy, _come_back), weights)[0]


def _arrive(visit: Visit) -> None:
    """The landing page, with campaign or referrer."""
    chance, rng = visit.rng.random(), visit.rng
    context = {"device": visit.shopper.device, "browser": visit.shopper.browser}
    consent = {"analytics": True, "marketing": visit.shopper.accepts_marketing}
    if chance < CAMPAIGN_SHARE:
        campaign, referrer = rng.choice(CAMPAIGNS)
        query = f"?utm_source={campaign['source']}&utm_medium={campaign['medium']}&utm_campaign={campaign['name']}"
        visit.say("page_viewed", f"/{query}", "Home", campaign=campaign, referrer=referrer, properties=context, consent=consent)
    else:
        referrer = rng.choice(REFERRERS) if chance < CAMPAIGN_SHARE + REFERRED_SHARE else ""
        visit.say("page_viewed", "/", "Home", referrer=referrer, properties=context, consent=consent)
    visit.pause(2, 30)


def _bounce(visit: Visit, order_number: str, order: list[Order]) -> None:
    """Leave from the landing page."""


def _browse(visit: Visit, order_number: str, order: list[Order]) -> None:
    for _ in range(visit.rng.randint(1, 4)):
        _discover(visit)
    if visit.rng.random() < 0.06:
        _log_in(visit)


def _search(visit: Visit, order_number: str, order: list[Order]) -> None:
    wanted = visit.catalogue.popular(visit.rng)
    if visit.rng.random() < 0.12:
        visit.look_at_list(wanted.category, (), term=visit.rng.choice(TYPOS))
        visit.pause(4, 20)
    term = wanted.name.split()[-1].lower()
    found = [product for product in visit.catalogue.products if term in product.name.lower()]
    clicked = visit.look_at_list(wanted.category, found, term=term)
    if clicked:
        visit.look_at(clicked)
        if visit.rng.random() < 0.25:
            visit.add(clicked)


def _come_back(visit: Visit, order_number: str, order: list[Order]) -> None:
    """A loyal customer logs in first and then buys."""
    _log_in(visit)
    _buy(visit, order_number, order)


def _buy(visit: Visit, order_number: str, order: list[Order]) -> None:
    wanted = _discover(visit) or visit.catalogue.popular(visit.rng)
    visit.add(wanted)
    for _ in range(visit.rng.choices((0, 1, 2, 3), (40, 34, 18, 8))[0]):
        wanted = visit.catalogue.companion(wanted, visit.rng) if visit.rng.random() < 0.6 else visit.catalogue.popular(visit.rng)
        visit.look_at(wanted)
        if visit.rng.random() < 0.8:
            visit.add(wanted)
    if visit.rng.random() < LONG_BREAK_SHARE:
        visit.pause(35 * 60, 90 * 60)
    visit.say("cart_viewed", "/cart", "Cart", items=visit.cart_items(), cart=visit.cart())
    visit.pause(3, 40)
    if len(visit.basket) > 1 and visit.rng.random() < 0.1:
        visit.remove_one()
    if visit.rng.random() < 0.75:
        _check_out(visit, order_number, order)


def _discover(visit: Visit) -> Product | None:
    """Open the category of something popular, and look at what is clicked there."""
    category = visit.catalogue.popular(visit.rng).category
    shelf = visit.catalogue.in_category(category)
    first = visit.rng.randrange(len(shelf))
    clicked = visit.look_at_list(category, shelf[first:] + shelf[:first])
    if clicked:
        visit.look_at(clicked)
    return clicked


def _log_in(visit: Visit) -> None:
    if visit.shopper.registered and visit.user is None:
        visit.user = visit.shopper
        visit.say("identify", "/account", "Account")
        visit.pause(1, 10)


def _check_out(visit: Visit, order_number: str, order: list[Order]) -> None:
    if visit.rng.random() >= GUEST_SHARE:
        _log_in(visit)
    visit.say("checkout_started", "/checkout", "Checkout", items=visit.cart_items(), cart=visit.cart())
    for step, name in enumerate(STEPS, start=1):
        visit.pause(8, 60)
        progress = {"step": step, "option": name}
        visit.say("checkout_step", f"/checkout/{name}", "Checkout", cart=visit.cart(), checkout=progress)
        if visit.rng.random() < 0.12:
            return
    visit.pause(5, 40)
    if visit.clock_ms >= visit.until_ms:
        raise ClosingTime
    basket = [(visit.catalogue.products[i], quantity) for i, quantity in visit.basket.items()]
    coupon = visit.rng.choice(visit.catalogue.coupons) if visit.rng.random() < COUPON_SHARE else None
    placed = price_order(
        visit.catalogue.shop, visit.rng, basket, coupon,
        number=order_number, shopper=visit.shopper, placed_at=visit.clock_ms // 1000,
        channel="web" if visit.shopper.device == "desktop" else "mobile", is_guest=visit.user is None,
    )  # fmt: skip
    order.append(placed)
    visit.say("order_completed", "/checkout/thanks", "Thank you", items=visit.cart_items(), cart=visit.cart(), order=placed)
