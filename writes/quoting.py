"""What a checkout costs, quoted anew whenever something changes that it depends on: its address, its way to ship, a rate.

The prices of its lines stay as they were taken. The sums are made by `shop.pricing`: here is what goes in, and what is kept.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shop import events
from shop.events import LineCharges, Priced, Quote
from shop.pricing import Method, Pricing, fits, priced
from writes import channels, promotions, shipping, taxes
from writes import tables as t
from writes.refusals import Invalid, Path
from writes.work import Work


def first(work: Work, cart: Any, totals: Sequence[int], address: dict[str, Any] | None, path: Path) -> Pricing:
    """Price a checkout that begins: no way to ship is chosen yet. Refuse an address that nothing is shipped to."""
    shipping.check_served(shipping.methods(work, cart.channel), None if address is None else address["country"], path)
    codes = promotions.codes_of(work, cart.id, cart.customer_id, _currency(work, cart.channel))
    return priced(totals, codes, None, taxes.rate_at(work, address))


def anew(work: Work, checkout: Any, method_id: str | None) -> tuple[Pricing, list[events.Event]]:
    """Quote a checkout as it is kept, shipped by this method if that fits; keep what is another now, and tell of it."""
    lines = lines_of(work, checkout.id)
    method = fitting(work, checkout, method_id)
    codes = promotions.codes_of(work, checkout.cart_id, checkout.customer_id, _currency(work, checkout.channel))
    now = priced([line.total for line in lines], codes, method, taxes.rate_at(work, checkout.shipping_address))
    happened: list[events.Event] = []
    about: dict[str, Any] = {"checkout_id": checkout.id, "cart_id": checkout.cart_id}
    if kept(now)["shipping_method"] != checkout.shipping_method:
        happened.append(events.ShippingSelected(method=now.method, **about))
    if _is_another(now, checkout, lines):
        happened.append(_priced(work, checkout, lines, now, about))
    if happened:
        work.do(sa.update(t.checkouts).where(t.checkouts.c.id == checkout.id).values(**kept(now)))
    return now, happened


def kept(now: Pricing) -> dict[str, Any]:
    """What a checkout's row keeps of its pricing."""
    names = ("discount", "shipping", "shipping_tax", "tax", "tax_included", "total")
    told = {"shipping_method": now.method, "tax_lines": now.tax_lines or None, "applied_codes": now.codes or None}
    return {name: getattr(now, name) for name in names} | {name: msgspec.to_builtins(value) for name, value in told.items()}


def charges(now: Pricing) -> dict[str, Any]:
    """What events tell of a pricing."""
    names = ("discount", "shipping", "tax", "tax_included", "tax_lines", "codes", "total")
    return {name: getattr(now, name) for name in names}


def charged(lines: Sequence[Priced], now: Pricing) -> list[Priced]:
    """The lines with what is taken off and added to each."""
    by_line = zip(lines, now.discounts, now.taxes, strict=True)
    return [msgspec.structs.replace(line, discount=discount, tax=tax) for line, discount, tax in by_line]


def fitting(work: Work, checkout: Any, method_id: str | None) -> Method | None:
    """The method, where the channel still has it and it fits the checkout's address and weight."""
    country = None if checkout.shipping_address is None else checkout.shipping_address["country"]
    offered = shipping.methods(work, checkout.channel) if method_id is not None else []
    return next((one for one in offered if one.id == method_id and fits(one, country, checkout.weight_grams)), None)


def check_shipped(work: Work, checkout: Any, quote: Quote | None) -> None:
    """Refuse to sell what nobody could send: without an address or a way to ship. A channel without ways asks for none."""
    if quote is not None or not (offered := shipping.methods(work, checkout.channel)):
        return
    if checkout.shipping_address is None:
        raise Invalid("Where does it go? Give the checkout a shipping address: checkoutUpdate.", ["input", "checkoutId"])
    shipping.check_served(offered, checkout.shipping_address["country"], ["input", "checkoutId"])
    raise Invalid("Choose a way to ship that fits: checkoutShippingSelect.", ["input", "checkoutId"])


def lines_of(work: Work, checkout_id: str) -> Sequence[Any]:
    columns = t.checkout_lines.c
    return work.all(sa.select(t.checkout_lines).where(columns.checkout_id == checkout_id).order_by(columns.ordinal))


def _is_another(now: Pricing, checkout: Any, lines: Sequence[Any]) -> bool:
    row, by_line = kept(now), [(line.discount, line.tax) for line in lines]
    del row["shipping_method"]
    return row != {name: getattr(checkout, name) for name in row} or by_line != list(zip(now.discounts, now.taxes, strict=True))


def _priced(work: Work, checkout: Any, lines: Sequence[Any], now: Pricing, about: dict[str, Any]) -> events.CheckoutPriced:
    told = [LineCharges(line.id, *both) for line, *both in zip(lines, now.discounts, now.taxes, strict=True)]
    columns, charge = t.checkout_lines.c, sa.bindparam
    change = sa.update(t.checkout_lines).where(columns.id == charge("of")).values(discount=charge("off"), tax=charge("on"))
    work.do_each(change, [{"of": one.line_id, "off": one.discount, "on": one.tax} for one in told])
    return events.CheckoutPriced(currency=_currency(work, checkout.channel), lines=told, **charges(now), **about)


def _currency(work: Work, channel: str) -> str:
    return channels.currency(work, channel, ["channel"])
