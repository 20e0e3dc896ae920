"""Shipping methods, tax rates and promotions; and what a checkout may be shipped by, at what price."""

from typing import TypeVar

from reads.reading import Reading
from reads.store import Range
from shop import pricing, views
from shop.money import Money, money, units
from shop.views import Checkout, Document, Promotion, ShippingMethod, ShippingQuote, TaxRate

D = TypeVar("D", bound=Document)
_MOST = 10_000


async def shipping_method(reading: Reading, method_id: str) -> ShippingMethod | None:
    return await reading.get(ShippingMethod, method_id)


async def shipping_methods(reading: Reading, channel: str, country: str | None) -> list[ShippingMethod]:
    """A channel's methods by price and name: all of them, or those that serve a country now."""
    every = await _under(reading, ShippingMethod, views.member(channel, ""))
    fitting = [one for one in every if country is None or (one.active and country in one.countries)]
    return sorted(fitting, key=lambda one: (units(one.price), one.name))


async def quotes(reading: Reading, checkout: Checkout) -> list[ShippingQuote]:
    """The ways to ship that fit a checkout's address and weight, cheapest first."""
    address, currency = checkout.shipping_address, checkout.total.currency
    if address is None:
        return []
    goods = units(checkout.subtotal) - units(checkout.discount)
    offered = [_method(one) for one in await shipping_methods(reading, checkout.channel, address.country)]
    fitting = [pricing.quoted(one, goods) for one in offered if pricing.fits(one, address.country, checkout.weight_grams)]
    return [_shown(quote, currency) for quote in sorted(fitting, key=lambda one: (one.price, one.name))]


async def tax_rate(reading: Reading, rate_id: str) -> TaxRate | None:
    return await reading.get(TaxRate, rate_id)


async def tax_rates(reading: Reading, country: str | None) -> list[TaxRate]:
    """Rates by country, each country's own before those of its regions."""
    every = await _under(reading, TaxRate, None if country is None else views.member(country, ""))
    return sorted(every, key=lambda one: (one.country, (one.region or "").casefold()))


async def promotion(reading: Reading, promotion_id: str) -> Promotion | None:
    return await reading.get(Promotion, promotion_id)


async def promotions(reading: Reading) -> list[Promotion]:
    """All promotions, by code."""
    return sorted(await _under(reading, Promotion, None), key=lambda one: (one.code.casefold(), one.id))


async def _under(reading: Reading, view: type[D], prefix: str | None) -> list[D]:
    wanted = Range(views.EVERY, _MOST) if prefix is None else Range(views.EVERY, _MOST, prefix=prefix)
    [members] = await reading.ranges(view, [wanted])
    documents = await reading.many(view, [views.member_id(entry) for entry in members])
    return [document for document in documents if document is not None]


def _method(shown: ShippingMethod) -> pricing.Method:
    return pricing.Method(
        shown.id,
        shown.name,
        shown.countries,
        units(shown.price),
        _some(shown.free_from),
        shown.max_weight_grams,
        shown.min_days,
        shown.max_days,
        shown.active,
    )


def _some(amount: Money | None) -> int | None:
    return None if amount is None else units(amount)


def _shown(quote: pricing.Quote, currency: str) -> ShippingQuote:
    days = {"min_days": quote.min_days, "max_days": quote.max_days}
    return ShippingQuote(id=quote.id, name=quote.name, price=money(quote.price, currency), **days)
