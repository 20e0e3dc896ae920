"""Shipping methods, tax rates and promotions, and how carts, checkouts and orders show what came of them."""

from collections.abc import Iterable
from typing import Any

from projections.projection import Entry, Projection, replace
from shop import events, views
from shop.log import Recorded
from shop.money import money

shipping_method = Projection(views.ShippingMethod)
tax_rate = Projection(views.TaxRate)
promotion = Projection(views.Promotion)


@shipping_method.starts(events.ShippingMethodDefined, lambda e: [e.shipping_method_id])
def shipping_method_defined(event: events.ShippingMethodDefined, _: Recorded) -> views.ShippingMethod:
    return views.ShippingMethod(
        id=event.shipping_method_id,
        name=event.name,
        channel=event.channel,
        countries=event.countries,
        price=money(event.price, event.currency),
        free_from=None if event.free_from is None else money(event.free_from, event.currency),
        max_weight_grams=event.max_weight_grams,
        min_days=event.min_days,
        max_days=event.max_days,
        active=event.active,
    )


@tax_rate.starts(events.TaxRateSet, lambda e: [e.stream])
def tax_rate_set(event: events.TaxRateSet, _: Recorded) -> views.TaxRate:
    return views.TaxRate(
        id=event.stream, country=event.country, region=event.region, rate=event.rate, inclusive=event.inclusive
    )


@promotion.starts(events.PromotionDefined, lambda e: [e.promotion_id])
def promotion_defined(event: events.PromotionDefined, _: Recorded) -> views.Promotion:
    same = ("code", "name", "kind", "percentage", "starts_at", "ends_at", "usage_limit", "used", "once_per_customer")
    amounts = {name: getattr(event, name) for name in ("amount", "minimum_subtotal")}
    shown: dict[str, Any] = {
        name: None if amount is None else money(amount, event.currency or "") for name, amount in amounts.items()
    }
    return views.Promotion(id=event.promotion_id, **{name: getattr(event, name) for name in same}, **shown)


@promotion.on(events.PromotionDeactivated, lambda e: [e.promotion_id])
def promotion_deactivated(view: views.Promotion, _event: events.PromotionDeactivated, _: Recorded) -> views.Promotion:
    return replace(view, active=False)


@promotion.on(events.PromotionRedeemed, lambda e: [e.promotion_id])
def promotion_redeemed(view: views.Promotion, _event: events.PromotionRedeemed, _: Recorded) -> views.Promotion:
    return replace(view, used=view.used + 1)


@promotion.on(events.PromotionReleased, lambda e: [e.promotion_id])
def promotion_released(view: views.Promotion, _event: events.PromotionReleased, _: Recorded) -> views.Promotion:
    return replace(view, used=view.used - 1)


def shown_codes(codes: Iterable[events.Applied], currency: str) -> list[views.AppliedCode]:
    """What codes give, with its money as clients see it."""
    return [
        views.AppliedCode(
            code=one.code,
            name=one.name,
            kind=one.kind,
            amount=money(one.amount, currency),
            problem=one.problem,
            missing=money(one.missing, currency) if one.missing else None,
        )
        for one in codes
    ]


def shown_quote(quote: events.Quote | None, currency: str) -> views.ShippingQuote | None:
    """A way to ship with its price as clients see it."""
    if quote is None:
        return None
    days = {"min_days": quote.min_days, "max_days": quote.max_days}
    return views.ShippingQuote(id=quote.id, name=quote.name, price=money(quote.price, currency), **days)


def shown_tax(shares: Iterable[events.TaxShare], currency: str) -> list[views.TaxLine]:
    """Rates' shares with their money as clients see it."""
    return [
        views.TaxLine(
            country=share.country,
            region=share.region,
            rate=share.rate,
            included=share.included,
            taxable=money(share.taxable, currency),
            amount=money(share.amount, currency),
        )
        for share in shares
    ]


def _every_method(document: views.ShippingMethod) -> Iterable[Entry]:
    yield views.EVERY, views.member(document.channel, document.id), 0


def _every_rate(document: views.TaxRate) -> Iterable[Entry]:
    yield views.EVERY, views.member(document.country, document.id), 0


def _every_promotion(document: views.Promotion) -> Iterable[Entry]:
    yield views.EVERY, views.member(document.code.casefold(), document.id), 0


promotion.entries = _every_promotion
shipping_method.entries = _every_method
tax_rate.entries = _every_rate
