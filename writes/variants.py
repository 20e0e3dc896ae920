"""Variants: what is bought, by its SKU, and for how much in each channel."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events, ids, money
from shop.events import Attribute, Media
from shop.upsert import insert
from writes import channels, levels
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, NotFound, Path, Taken
from writes.work import Done, Work

_NEW_PRICE = insert(t.variant_prices)
_SET_PRICE = _NEW_PRICE.on_conflict_do_update(
    index_elements=["variant_id", "channel"],
    set_={"amount": _NEW_PRICE.excluded.amount, "compare_at": _NEW_PRICE.excluded.compare_at},
)


class PriceIn(msgspec.Struct, frozen=True):
    """A price to set. Amounts are decimal texts; they are held against the channel's currency."""

    channel: str
    amount: str
    currency: str
    compare_at: str | None = None
    compare_at_currency: str | None = None


class VariantIn(msgspec.Struct, frozen=True):
    sku: str
    prices: list[PriceIn]
    name: str | None = None
    option_values: list[Attribute] = []
    backorderable: bool = False
    weight_grams: int | None = None
    barcode: str | None = None
    image: Media | None = None


class CreateVariant(msgspec.Struct, frozen=True):
    product_id: str
    variant: VariantIn


class UpdateVariant(msgspec.Struct, frozen=True):
    """An absent field stays as it is; a list replaces."""

    variant_id: str
    expected_version: int | None = None
    name: str | UnsetType = UNSET
    option_values: list[Attribute] | UnsetType = UNSET
    backorderable: bool | UnsetType = UNSET
    weight_grams: int | UnsetType | None = UNSET
    barcode: str | UnsetType | None = UNSET
    image: Media | UnsetType | None = UNSET


class DiscontinueVariant(msgspec.Struct, frozen=True):
    variant_id: str


class SetVariantPrices(msgspec.Struct, frozen=True):
    variant_id: str
    prices: list[PriceIn]


def create_variant(work: Work, command: CreateVariant) -> Done:
    row = work.one(t.products, command.product_id)
    if row is None:
        raise NotFound(f"There is no product {command.product_id}.", ["input", "productId"])
    variant_id, happened = add(work, row.id, row.name, command.variant, ["input"])
    return Done(happened, {"variant_id": variant_id, "product_id": row.id})


def update_variant(work: Work, command: UpdateVariant) -> Done:
    row = _held(work, command.variant_id)
    work.expect(row.id, command.expected_version)
    was = {name: getattr(row, name) for name in ("name", "option_values", "backorderable", "weight_grams", "barcode", "image")}
    after = was | {name: getattr(command, name) for name in was if getattr(command, name) is not UNSET}
    _check_described(work, row, after)
    answer, plain = {"variant_id": row.id, "product_id": row.product_id}, msgspec.to_builtins(after)
    if plain == was:
        return Done((), answer)
    described = msgspec.convert({**answer, **plain}, events.VariantDescribed)
    plain["options_key"] = _options_key(described.option_values)
    work.do(sa.update(t.variants).where(t.variants.c.id == row.id).values(plain))
    if described.backorderable != row.backorderable:
        levels.set_backorderable(work, row.id, described.backorderable)
    return Done([described], answer)


def discontinue_variant(work: Work, command: DiscontinueVariant) -> Done:
    row = _held(work, command.variant_id)
    if row.discontinued:
        raise NotAllowedFrom("The variant", "DISCONTINUED", [], ["id"])
    work.do(sa.update(t.variants).where(t.variants.c.id == row.id).values(discontinued=True))
    answer = {"variant_id": row.id, "product_id": row.product_id}
    return Done([events.VariantDiscontinued(**answer)], answer)


def set_variant_prices(work: Work, command: SetVariantPrices) -> Done:
    row = work.one(t.variants, command.variant_id)
    if row is None:
        raise NotFound(f"There is no variant {command.variant_id}.", ["id"])
    return Done(
        [set_prices(work, row.id, row.product_id, command.prices, [])], {"variant_id": row.id, "product_id": row.product_id}
    )


def add(work: Work, product_id: str, product_name: str, variant: VariantIn, path: Path) -> tuple[str, list[events.Event]]:
    """Give a product a variant with its prices; return its id and what happened."""
    if not variant.sku.strip():
        raise Invalid("A SKU is not empty.", [*path, "sku"])
    _check_weight(variant.weight_grams, path)
    variant_id = ids.new("variant")
    row: dict[str, Any] = {
        "sku": variant.sku.strip(),
        "name": variant.name or " / ".join(option.value for option in variant.option_values) or product_name,
        "backorderable": variant.backorderable,
        "weight_grams": variant.weight_grams,
        "barcode": variant.barcode,
    }
    stored = {
        "id": variant_id,
        "product_id": product_id,
        "sku_folded": row["sku"].casefold(),
        "option_values": msgspec.to_builtins(variant.option_values),
        "options_key": _options_key(variant.option_values),
        "image": msgspec.to_builtins(variant.image),
    }
    if not work.added(t.variants, {**row, **stored}):
        raise _taken(work, row["sku"], path)
    created = events.VariantCreated(
        variant_id=variant_id, product_id=product_id, option_values=variant.option_values, image=variant.image, **row
    )
    happened: list[events.Event] = [created]
    if variant.prices:
        happened.append(set_prices(work, variant_id, product_id, variant.prices, path))
    return variant_id, happened


def _held(work: Work, variant_id: str) -> Any:
    """Load a variant that is to be changed, and hold its product first: its variants must not be alike."""
    seen = work.seen(t.variants, variant_id)
    if seen is None:
        raise NotFound(f"There is no variant {variant_id}.", ["id"])
    work.one(t.products, seen.product_id)
    return work.one(t.variants, variant_id)


def _check_described(work: Work, row: Any, after: dict[str, Any]) -> None:
    if not after["name"].strip():
        raise Invalid("A name is not empty.", ["input", "name"])
    _check_weight(after["weight_grams"], ["input"])
    columns, key = t.variants.c, _options_key(msgspec.convert(msgspec.to_builtins(after["option_values"]), list[Attribute]))
    alike = sa.select(columns.id).where(columns.product_id == row.product_id, columns.options_key == key, columns.id != row.id)
    if key is not None and work.connection.scalar(alike) is not None:
        raise Taken("The product has a variant with these options already.", ["input", "optionValues"])


def _check_weight(weight_grams: int | None, path: Path) -> None:
    if weight_grams is not None and weight_grams < 0:
        raise Invalid("A weight is not below zero.", [*path, "weightGrams"])


def _taken(work: Work, sku: str, path: Path) -> Taken:
    same_sku = sa.select(t.variants.c.id).where(t.variants.c.sku_folded == sku.casefold())
    if work.connection.scalar(same_sku) is not None:
        return Taken(f"The SKU {sku} belongs to another variant.", [*path, "sku"])
    return Taken("The product has a variant with these options already.", [*path, "optionValues"])


def set_prices(work: Work, variant_id: str, product_id: str, prices: Sequence[PriceIn], path: Path) -> events.VariantPriced:
    """Set a variant's prices in some channels; those of others stay."""
    if not prices:
        raise Invalid("Name one price at least.", [*path, "prices"])
    if len({price.channel for price in prices}) < len(prices):
        raise Invalid("A channel has one price: one of these channels stands here twice.", [*path, "prices"])
    set_prices = [_priced(work, price, [*path, "prices", index]) for index, price in enumerate(prices)]
    rows = [
        {"variant_id": variant_id, "channel": p.channel, "amount": p.amount, "compare_at": p.compare_at} for p in set_prices
    ]
    work.do_each(_SET_PRICE, rows)
    return events.VariantPriced(variant_id=variant_id, product_id=product_id, prices=set_prices)


def _priced(work: Work, price: PriceIn, path: Path) -> events.Price:
    currency = channels.currency(work, price.channel, [*path, "channel"])
    amount = _amount(price.amount, price.currency, currency, [*path, "price"])
    if price.compare_at is None:
        return events.Price(price.channel, currency, amount)
    compare_at = _amount(price.compare_at, price.compare_at_currency or currency, currency, [*path, "compareAt"])
    return events.Price(price.channel, currency, amount, compare_at)


def _amount(amount: str, given: str, currency: str, path: Path) -> int:
    if given != currency:
        raise Invalid(f"The channel sells in {currency}, not in {given}.", [*path, "currency"])
    try:
        units = money.minor(amount, currency)
    except ValueError as error:
        raise Invalid(f"{error}.", [*path, "amount"]) from None
    if units < 0:
        raise Invalid("A price is not below zero.", [*path, "amount"])
    return units


def _options_key(options: Sequence[Attribute]) -> str | None:
    """One text for one combination of options, whatever their order; none where a variant has no options."""
    return "\n".join(sorted(f"{o.key.casefold()}={o.value.casefold()}" for o in options)) or None
