"""Shipping methods, tax rates and promotions, and what checkouts and orders show of them, as the tables tell them."""

from typing import Any

from shop import views
from shop.money import Money, money
from verify.expected import Expected

_METHODS = "SELECT m.*, c.currency FROM shipping_methods m JOIN channels c ON c.code = m.channel"


def expect_charges(expected: Expected) -> None:
    for row in expected.rows(_METHODS):
        method = views.ShippingMethod(
            id=row.id,
            version=expected.versions[row.id],
            name=row.name,
            channel=row.channel,
            countries=row.countries,
            price=money(row.price, row.currency),
            free_from=some_money(row.free_from, row.currency),
            max_weight_grams=row.max_weight_grams,
            min_days=row.min_days,
            max_days=row.max_days,
            active=bool(row.active),
        )
        expected.document(method)
        expected.sorted_by(method, "every", row.channel)
    for row in expected.rows("SELECT * FROM tax_rates"):
        rate_id = f"tax_{row.country}_{row.region_folded}" if row.region_folded else f"tax_{row.country}"
        rate = views.TaxRate(
            id=rate_id,
            version=expected.versions[rate_id],
            country=row.country,
            region=row.region,
            rate=row.rate,
            inclusive=bool(row.inclusive),
        )
        expected.document(rate)
        expected.sorted_by(rate, "every", row.country)
    for row in expected.rows("SELECT * FROM promotions"):
        promotion = views.Promotion(
            id=row.id,
            version=expected.versions[row.id],
            code=row.code,
            name=row.name,
            kind=row.kind,
            percentage=row.percentage,
            amount=some_money(row.amount, row.currency),
            minimum_subtotal=some_money(row.minimum_subtotal, row.currency),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            usage_limit=row.usage_limit,
            used=row.used,
            active=bool(row.active),
            once_per_customer=bool(row.once_per_customer),
        )
        expected.document(promotion)
        expected.sorted_by(promotion, "every", row.code.casefold())


def shipped_and_taxed(row: Any) -> dict[str, Any]:
    """What a checkout's or an order's row tells of its way to ship, its tax and its codes."""
    chosen, shares = row.shipping_method, row.tax_lines or []
    return {
        "shipping_method": None if chosen is None else views.ShippingQuote(**_priced(chosen, row.currency, "price")),
        "tax_lines": [views.TaxLine(**_priced(share, row.currency, "taxable", "amount")) for share in shares],
        "tax_included": bool(row.tax_included),
        "applied_codes": [_code(one, row.currency) for one in row.applied_codes or []],
    }


def _code(written: dict[str, Any], currency: str) -> views.AppliedCode:
    missing = written.get("missing")
    said: dict[str, Any] = {name: written.get(name) for name in ("code", "name", "kind", "problem")}
    amount = money(written.get("amount", 0), currency)
    return views.AppliedCode(amount=amount, missing=some_money(missing, currency), **said)


def some_money(amount: int | None, currency: str) -> Money | None:
    return None if amount is None else money(amount, currency)


def _priced(written: dict[str, Any], currency: str, *amounts: str) -> dict[str, Any]:
    return written | {name: money(written[name], currency) for name in amounts}
