"""Carts, joined with catalog and promotions as they are now: prices, discounts, totals, and what is wrong with a line."""

import msgspec

from reads import catalog, codes, products
from reads.reading import Reading
from shop.money import Money, money, units
from shop.pricing import discounted
from shop.views import AppliedCode, Cart, CartLine, Checkout, Variant

replace = msgspec.structs.replace


class Problem(msgspec.Struct, frozen=True):
    """Why a line cannot be bought as it stands; `code` is the API's ErrorCode."""

    code: str
    message: str
    variant_id: str | None = None
    requested: int = 0
    available: int = 0


class JoinedLine(msgspec.Struct, frozen=True):
    id: str
    variant: Variant
    quantity: int
    unit_price: Money
    discount: Money
    total: Money
    problems: list[Problem]


class JoinedCart(msgspec.Struct, frozen=True):
    id: str
    version: int
    updated_at: str
    channel: str
    status: str
    expires_at: str
    total_quantity: int
    subtotal: Money
    discount: Money
    total: Money
    lines: list[JoinedLine]
    checkout_id: str | None
    codes: list[str]
    applied_codes: list[AppliedCode]


async def cart(reading: Reading, cart_id: str) -> JoinedCart | None:
    """A cart at today's prices: two round trips, whatever its size."""
    found = await reading.get(Cart, cart_id)
    return None if found is None else await joined(reading, found)


async def of_customer(reading: Reading, customer_id: str, channel: str) -> JoinedCart | None:
    """The customer's open cart in a channel."""
    cart_id = await reading.lookup(Cart, "customer", f"{customer_id}:{channel}")
    found = None if cart_id is None else await cart(reading, cart_id)
    return found if found is not None and found.status == "OPEN" else None


async def checkout(reading: Reading, checkout_id: str) -> Checkout | None:
    return await reading.get(Checkout, checkout_id)


async def joined(reading: Reading, found: Cart) -> JoinedCart:
    """Join a cart's lines with their products as the channel sells them now."""
    channel = await catalog.channel(reading, found.channel)
    currency = found.currency if channel is None else channel.currency
    of = await products.by_ids(reading, found.channel, list(dict.fromkeys(line.product_id for line in found.lines)))
    variants = {one.id: (one, product.published) for product in of if product is not None for one in product.variants}
    lines = [_line(line, *variants[line.variant_id], currency) for line in found.lines if line.variant_id in variants]
    totals = [units(line.total) for line in lines]
    discounts, applied = discounted(totals, await codes.on(reading, found, currency))
    lines = [replace(line, discount=money(less, currency)) for line, less in zip(lines, discounts, strict=True)]
    return JoinedCart(
        id=found.id,
        version=found.version,
        updated_at=found.updated_at,
        channel=found.channel,
        status=found.status,
        expires_at=found.expires_at,
        total_quantity=sum(line.quantity for line in lines),
        subtotal=money(sum(totals), currency),
        discount=money(sum(discounts), currency),
        total=money(sum(totals) - sum(discounts), currency),
        lines=lines,
        checkout_id=found.checkout_id,
        codes=[one.code for one in applied],
        applied_codes=codes.shown(applied, currency),
    )


def _line(line: CartLine, variant: Variant, published: bool, currency: str) -> JoinedLine:
    unit_price = variant.price or money(0, currency)
    return JoinedLine(
        id=line.id,
        variant=variant,
        quantity=line.quantity,
        unit_price=unit_price,
        discount=money(0, currency),
        total=money(units(unit_price) * line.quantity, currency),
        problems=_problems(line, variant, published),
    )


def _problems(line: CartLine, variant: Variant, published: bool) -> list[Problem]:
    if not published or variant.price is None or variant.discontinued:
        return [Problem("NOT_FOUND", f"{variant.sku} is no longer sold.", variant.id)]
    if variant.backorderable or line.quantity <= variant.available_quantity:
        return []
    message = f"{line.quantity} of {variant.sku} are wanted and {variant.available_quantity} are free."
    return [Problem("INSUFFICIENT_STOCK", message, variant.id, line.quantity, variant.available_quantity)]
