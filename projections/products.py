"""Products: the staff's document, and a document cut from it for each channel with a price. Indexes are in `listings`."""

from collections.abc import Iterable
from typing import Any

from projections import listings
from projections.projection import Projection, replace
from shop import events
from shop.log import Recorded
from shop.money import money
from shop.views import Level, Product, Variant, VariantPrice

product = Projection(Product)


def _own(event: Any) -> list[str]:
    return [event.product_id]


@product.starts(events.ProductCreated, _own)
def product_created(event: events.ProductCreated, recorded: Recorded) -> Product:
    return Product(
        id=event.product_id,
        slug=event.slug,
        name=event.name,
        created_at=recorded.at,
        description=event.description,
        vendor=event.vendor,
        category_ids=list(dict.fromkeys(event.category_ids)),
        tags=event.tags,
        attributes=event.attributes,
        media=event.media,
        metadata=event.metadata,
    )


@product.on(events.ProductDescribed, _own)
def product_described(view: Product, event: events.ProductDescribed, _: Recorded) -> Product:
    return replace(
        view,
        name=event.name,
        description=event.description,
        vendor=event.vendor,
        category_ids=list(dict.fromkeys(event.category_ids)),
        tags=event.tags,
        attributes=event.attributes,
        media=event.media,
        metadata=event.metadata,
    )


@product.on(events.ProductSlugChanged, _own)
def product_slug_changed(view: Product, event: events.ProductSlugChanged, _: Recorded) -> Product:
    former = [slug for slug in view.former_slugs if slug != event.slug]
    return replace(view, slug=event.slug, former_slugs=[*former, event.was])


@product.on(events.ProductPublished, _own)
def product_published(view: Product, event: events.ProductPublished, _: Recorded) -> Product:
    return replace(view, status="ACTIVE", channels=sorted({*view.channels, event.channel}))


@product.on(events.ProductUnpublished, _own)
def product_unpublished(view: Product, event: events.ProductUnpublished, _: Recorded) -> Product:
    return replace(view, status=event.status, channels=[code for code in view.channels if code != event.channel])


def _listed(event: events.CollectionListed) -> dict[str, tuple[str, int | None]]:
    return {one.product_id: (event.collection_id, one.place) for one in sorted(event.places, key=lambda one: one.product_id)}


@product.shares(events.CollectionListed, _listed)
def product_listed(view: Product, at: tuple[str, int | None], _: Recorded) -> Product:
    collection_id, place = at
    elsewhere = {one: number for one, number in view.places.items() if one != collection_id}
    return replace(view, places=elsewhere if place is None else {**elsewhere, collection_id: place})


@product.on(events.ProductArchived, _own)
def product_archived(view: Product, _event: events.ProductArchived, _: Recorded) -> Product:
    return replace(view, status="ARCHIVED", channels=[])


@product.on(events.VariantCreated, _own)
def variant_created(view: Product, event: events.VariantCreated, recorded: Recorded) -> Product:
    variant = Variant(
        id=event.variant_id,
        version=recorded.stream_version,
        updated_at=recorded.at,
        sku=event.sku,
        name=event.name,
        option_values=event.option_values,
        backorderable=event.backorderable,
        weight_grams=event.weight_grams,
        barcode=event.barcode,
        image=event.image,
    )
    return replace(view, variants=[*view.variants, variant], updated_at=recorded.at)


@product.on(events.VariantPriced, _own)
def variant_priced(view: Product, event: events.VariantPriced, recorded: Recorded) -> Product:
    new = {price.channel: _price(price) for price in event.prices}

    def priced(variant: Variant) -> Variant:
        prices = {price.channel: price for price in variant.prices} | new
        ordered = [prices[code] for code in sorted(prices)]
        return replace(variant, prices=ordered, version=recorded.stream_version, updated_at=recorded.at)

    variants = [priced(variant) if variant.id == event.variant_id else variant for variant in view.variants]
    return replace(view, variants=variants, updated_at=recorded.at)


@product.on(events.VariantDescribed, _own)
def variant_described(view: Product, event: events.VariantDescribed, recorded: Recorded) -> Product:
    return _changed(
        view,
        event.variant_id,
        recorded,
        name=event.name,
        option_values=event.option_values,
        backorderable=event.backorderable,
        weight_grams=event.weight_grams,
        barcode=event.barcode,
        image=event.image,
    )


@product.on(events.VariantDiscontinued, _own)
def variant_discontinued(view: Product, event: events.VariantDiscontinued, recorded: Recorded) -> Product:
    return _changed(view, event.variant_id, recorded, discontinued=True)


def _changed(view: Product, variant_id: str, recorded: Recorded, **told: Any) -> Product:
    told |= {"version": recorded.stream_version, "updated_at": recorded.at}
    variants = [replace(one, **told) if one.id == variant_id else one for one in view.variants]
    return replace(view, variants=variants, updated_at=recorded.at)


_Moved = dict[str, dict[str, Level]]  # by variant and warehouse


def _levels(event: Any) -> dict[str, _Moved]:
    """Every event of stock carries the level after it, so the last one is the truth."""
    moved: dict[str, _Moved] = {product_id: {} for product_id in sorted(event.products())}
    for move in event.moves:
        level = Level(move.on_hand, move.allocated, move.reserved, event.sells(move.warehouse_id))
        moved[move.product_id].setdefault(move.variant_id, {})[move.warehouse_id] = level
    return moved


def _stock_moved(view: Product, moved: _Moved, _: Recorded) -> Product:
    def leveled(variant: Variant) -> Variant:
        levels = variant.levels | moved[variant.id]
        return replace(variant, levels=levels, available_quantity=sum(level.free for level in levels.values()))

    variants = [leveled(variant) if variant.id in moved else variant for variant in view.variants]
    return replace(view, variants=variants)


for _kind in (
    events.StockAdjusted, events.StockTransferred, events.StockReserved, events.StockReleased, events.StockAllocated,
    events.StockDeallocated, events.StockShipped, events.StockReturned,
):  # fmt: skip
    product.shares(_kind, _levels)(_stock_moved)


@product.on(events.WarehouseChanged, lambda e: e.product_ids)
def warehouse_switched(view: Product, event: events.WarehouseChanged, _: Recorded) -> Product:
    def switched(variant: Variant) -> Variant:
        if event.warehouse_id not in variant.levels:
            return variant
        level = replace(variant.levels[event.warehouse_id], active=event.active)
        levels = variant.levels | {event.warehouse_id: level}
        return replace(variant, levels=levels, available_quantity=sum(one.free for one in levels.values()))

    return replace(view, variants=[switched(variant) for variant in view.variants])


def _units(event: events.PastOrderRecorded) -> dict[str, int]:
    """Sum the lines of each product, in the order of their ids."""
    units = dict.fromkeys(sorted({line.product_id for line in event.lines}), 0)
    for line in event.lines:
        units[line.product_id] += line.quantity
    return units


@product.shares(events.PastOrderRecorded, _units)
@product.shares(events.OrderPlaced, lambda e: {sold.product_id: sold.units for sold in e.sold})
def sold(view: Product, units: int, _: Recorded) -> Product:
    return replace(view, units_sold=view.units_sold + units)


@product.on(events.ReviewModerated, _own)
def rated(view: Product, event: events.ReviewModerated, _: Recorded) -> Product:
    return replace(view, ratings=event.ratings)


def _price(price: events.Price) -> VariantPrice:
    compare_at = None if price.compare_at is None else money(price.compare_at, price.currency)
    return VariantPrice(price.channel, money(price.amount, price.currency), compare_at)


def _priced_in(document: Product) -> list[str]:
    return sorted({price.channel for variant in document.variants for price in variant.prices})


def in_channel(document: Product, channel: str) -> Product:
    """Cut a channel's own document: its price on each variant, and nothing that only staff may see."""
    return replace(
        document,
        id=f"{document.id}:{channel}",
        channel=channel,
        variants=[_variant_in(variant, channel) for variant in document.variants],
        published=channel in document.channels,
        channels=[],
        former_slugs=[],
    )


def _variant_in(variant: Variant, channel: str) -> Variant:
    for one in variant.prices:
        if one.channel == channel:
            return replace(variant, price=one.price, compare_at_price=one.compare_at, prices=[], levels={})
    return replace(variant, prices=[], levels={})


def _cuts(document: Product) -> Iterable[Product]:
    return (in_channel(document, channel) for channel in _priced_in(document))


product.entries = listings.entries
product.cuts = _cuts
product.cut_entries = listings.cut_entries
