"""Channels, categories, products and their variants: what is sold, where, and for how much."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType
from sqlalchemy.dialects.sqlite import insert

from shop import events, ids, money
from shop.events import Attribute, Media
from writes import tables as t
from writes.refusals import Invalid, NotFound, Path, Taken
from writes.work import Done, Work

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DEEPEST_CATEGORY = 10

# Statements that imports send by the thousand. One that is made once costs a third of one that is made anew.
_CURRENCY = sa.select(t.channels.c.currency).where(t.channels.c.code == sa.bindparam("code"))
_SLUG_OWNER = sa.select(t.product_slugs.c.product_id).where(t.product_slugs.c.slug == sa.bindparam("slug"))
_SLUGS_LIKE = sa.select(t.product_slugs.c.slug).where(
    sa.or_(
        t.product_slugs.c.slug == sa.bindparam("slug"),
        t.product_slugs.c.slug.between(sa.bindparam("first"), sa.bindparam("last")),
    )
)
_HAS_PRICE = (
    sa.select(t.variants.c.id)
    .join(t.variant_prices, t.variant_prices.c.variant_id == t.variants.c.id)
    .where(t.variants.c.product_id == sa.bindparam("product_id"), t.variant_prices.c.channel == sa.bindparam("code"))
    .where(t.variants.c.discontinued.is_(False))
    .limit(1)
)
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


class CreateChannel(msgspec.Struct, frozen=True):
    code: str
    name: str
    currency: str


class CreateCategory(msgspec.Struct, frozen=True):
    name: str
    slug: str | None = None
    parent_id: str | None = None
    description: str | None = None
    image: Media | None = None
    position: int = 0


class CreateProduct(msgspec.Struct, frozen=True):
    name: str
    slug: str | None = None
    description: str | None = None
    vendor: str | None = None
    category_ids: list[str] = []
    tags: list[str] = []
    attributes: list[Attribute] = []
    media: list[Media] = []
    metadata: Any = None
    variants: list[VariantIn] = []


class UpdateProduct(msgspec.Struct, frozen=True):
    """An absent field stays as it is; a list replaces."""

    product_id: str
    expected_version: int | None = None
    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    vendor: str | UnsetType | None = UNSET
    category_ids: list[str] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    attributes: list[Attribute] | UnsetType = UNSET
    media: list[Media] | UnsetType = UNSET
    metadata: Any = UNSET


class PublishProduct(msgspec.Struct, frozen=True):
    product_id: str
    channels: list[str]


class UnpublishProduct(msgspec.Struct, frozen=True):
    product_id: str
    channels: list[str]


class CreateVariant(msgspec.Struct, frozen=True):
    product_id: str
    variant: VariantIn


class SetVariantPrices(msgspec.Struct, frozen=True):
    variant_id: str
    prices: list[PriceIn]


def create_channel(work: Work, command: CreateChannel) -> Done:
    if not _CODE.fullmatch(command.code):
        raise Invalid(f"{command.code!r} is no code: use a-z, 0-9 and single dashes, such as retail-eu.", ["code"])
    if not money.is_currency(command.currency):
        raise Invalid(f"{command.currency!r} is no ISO 4217 currency code, such as EUR.", ["currency"])
    row = {"code": command.code, "name": _named(command.name), "currency": command.currency}
    if not _inserted(work, t.channels, row):
        raise Taken(f"There is a channel {command.code} already.", ["code"])
    return Done([events.ChannelCreated(**row)], {"channel": command.code})


def create_category(work: Work, command: CreateCategory) -> Done:
    if command.parent_id is not None and _depth(work, command.parent_id) >= _DEEPEST_CATEGORY:
        raise Invalid(f"Categories nest {_DEEPEST_CATEGORY} deep at most.", ["input", "parentId"])
    category_id, slug = ids.new("category"), command.slug or slug_of(command.name)
    row: dict[str, Any] = {
        "slug": slug,
        "name": _named(command.name),
        "description": command.description,
        "parent_id": command.parent_id,
        "position": command.position,
    }
    _check_slug(slug)
    if not _inserted(work, t.categories, {**row, "id": category_id, "image": _plain(command.image)}):
        raise Taken(f"The slug {slug} belongs to another category.", ["input", "slug"])
    happened = events.CategoryCreated(category_id=category_id, image=command.image, **row)
    return Done([happened], {"category_id": category_id})


def create_product(work: Work, command: CreateProduct) -> Done:
    product_id = ids.new("product")
    slug = command.slug or _free_slug(work, slug_of(command.name))
    described = {
        "name": _named(command.name),
        "description": command.description,
        "vendor": command.vendor,
        "tags": command.tags,
        "attributes": command.attributes,
        "media": command.media,
        "metadata": command.metadata,
    }
    _check_slug(slug)
    _check_categories(work, command.category_ids)
    row = {"id": product_id, "slug": slug, "status": "DRAFT", "created_at": work.at, **_plain(described)}
    if _slug_owner(work, slug) is not None or not _inserted(work, t.products, row):
        raise Taken(f"The slug {slug} belongs to another product.", ["input", "slug"])
    work.add(t.product_slugs, {"slug": slug, "product_id": product_id})
    _file_under(work, product_id, command.category_ids)
    created = events.ProductCreated(
        product_id=product_id, slug=slug, category_ids=command.category_ids, **described
    )
    happened: list[events.Event] = [created]
    variant_ids = []
    for index, variant in enumerate(command.variants):
        path: Path = ["input", "variants", index]
        variant_id, of_variant = _add_variant(work, product_id, described["name"], variant, path)
        variant_ids.append(variant_id)
        happened += of_variant
    return Done(happened, {"product_id": product_id, "variant_ids": variant_ids})


def update_product(work: Work, command: UpdateProduct) -> Done:
    row = _product(work, command.product_id)
    work.expect(command.product_id, command.expected_version)
    happened: list[events.Event] = []
    if command.slug is not UNSET and command.slug != row.slug:
        happened.append(_change_slug(work, row, command.slug))
    described = {
        field: getattr(command, field) if getattr(command, field) is not UNSET else getattr(row, field)
        for field in ("name", "description", "vendor", "tags", "attributes", "media", "metadata")
    }
    described["name"] = _named(described["name"])
    filed = _categories_of(work, row.id)
    category_ids = filed if command.category_ids is UNSET else command.category_ids
    was = {field: getattr(row, field) for field in described}
    if _plain(described) != was or set(category_ids) != set(filed):
        _check_categories(work, category_ids)
        work.do(sa.update(t.products).where(t.products.c.id == row.id).values(**_plain(described)))
        work.do(sa.delete(t.product_categories).where(t.product_categories.c.product_id == row.id))
        _file_under(work, row.id, category_ids)
        after = {"product_id": row.id, "category_ids": category_ids, **_plain(described)}
        happened.append(msgspec.convert(after, events.ProductDescribed))
    return Done(happened, {"product_id": row.id})


def publish_product(work: Work, command: PublishProduct) -> Done:
    row = _product(work, command.product_id)
    happened: list[events.Event] = []
    for code in dict.fromkeys(command.channels):
        _currency(work, code, ["channels"])
        if not _has_price(work, row.id, code):
            raise Invalid(f"{row.name} has no variant with a price in {code}: set one, then publish.", ["channels"])
        if _inserted(work, t.publications, {"product_id": row.id, "channel": code}):
            happened.append(events.ProductPublished(product_id=row.id, channel=code))
    if happened:
        work.do(sa.update(t.products).where(t.products.c.id == row.id).values(status="ACTIVE"))
    return Done(happened, {"product_id": row.id})


def unpublish_product(work: Work, command: UnpublishProduct) -> Done:
    row = _product(work, command.product_id)
    of_product = t.publications.c.product_id == row.id
    published = set(work.connection.scalars(sa.select(t.publications.c.channel).where(of_product)))
    happened: list[events.Event] = []
    for code in dict.fromkeys(command.channels):
        _currency(work, code, ["channels"])
        if code in published:
            published.discard(code)
            work.do(sa.delete(t.publications).where(of_product, t.publications.c.channel == code))
            status = "ACTIVE" if published else "DRAFT"
            happened.append(events.ProductUnpublished(product_id=row.id, channel=code, status=status))
    if happened and not published:
        work.do(sa.update(t.products).where(t.products.c.id == row.id).values(status="DRAFT"))
    return Done(happened, {"product_id": row.id})


def create_variant(work: Work, command: CreateVariant) -> Done:
    row = _product(work, command.product_id)
    variant_id, happened = _add_variant(work, row.id, row.name, command.variant, ["input"])
    return Done(happened, {"variant_id": variant_id, "product_id": row.id})


def set_variant_prices(work: Work, command: SetVariantPrices) -> Done:
    row = work.one(t.variants, command.variant_id)
    if row is None:
        raise NotFound(f"There is no variant {command.variant_id}.", ["id"])
    return Done(
        [_price(work, row.id, row.product_id, command.prices, [])], {"variant_id": row.id, "product_id": row.product_id}
    )


def slug_of(name: str) -> str:
    """Make a slug of a name: ASCII, lower case, words joined by dashes. A name without letters gives `item`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:150].strip("-") or "item"


def _add_variant(
    work: Work, product_id: str, product_name: str, variant: VariantIn, path: Path
) -> tuple[str, list[events.Event]]:
    if not variant.sku.strip():
        raise Invalid("A SKU is not empty.", [*path, "sku"])
    if variant.weight_grams is not None and variant.weight_grams < 0:
        raise Invalid("A weight is not below zero.", [*path, "weightGrams"])
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
        "option_values": _plain(variant.option_values),
        "options_key": _options_key(variant.option_values),
        "image": _plain(variant.image),
    }
    if not _inserted(work, t.variants, {**row, **stored}):
        raise _taken(work, row["sku"], path)
    created = events.VariantCreated(
        variant_id=variant_id, product_id=product_id, option_values=variant.option_values, image=variant.image, **row
    )
    happened: list[events.Event] = [created]
    if variant.prices:
        happened.append(_price(work, variant_id, product_id, variant.prices, path))
    return variant_id, happened


def _taken(work: Work, sku: str, path: Path) -> Taken:
    same_sku = sa.select(t.variants.c.id).where(t.variants.c.sku_folded == sku.casefold())
    if work.connection.scalar(same_sku) is not None:
        return Taken(f"The SKU {sku} belongs to another variant.", [*path, "sku"])
    return Taken("The product has a variant with these options already.", [*path, "optionValues"])


def _price(
    work: Work, variant_id: str, product_id: str, prices: Sequence[PriceIn], path: Path
) -> events.VariantPriced:
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
    currency = _currency(work, price.channel, [*path, "channel"])
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


def _named(name: str) -> str:
    if not name.strip():
        raise Invalid("A name is not empty.", ["input", "name"])
    return name.strip()


def _check_slug(slug: str) -> None:
    if not _CODE.fullmatch(slug):
        raise Invalid(f"{slug!r} is no slug: use a-z, 0-9 and single dashes.", ["input", "slug"])


def _free_slug(work: Work, wanted: str) -> str:
    """Return the slug itself, or with -2, -3 ... where it is taken."""
    taken = set(work.connection.scalars(_SLUGS_LIKE, {"slug": wanted, "first": f"{wanted}-", "last": f"{wanted}-:"}))
    number, slug = 2, wanted
    while slug in taken:
        slug, number = f"{wanted}-{number}", number + 1
    return slug


def _slug_owner(work: Work, slug: str) -> str | None:
    return work.connection.scalar(_SLUG_OWNER, {"slug": slug})


def _change_slug(work: Work, row: Any, slug: str) -> events.ProductSlugChanged:
    _check_slug(slug)
    owner = _slug_owner(work, slug)
    if owner not in {None, row.id}:
        raise Taken(f"The slug {slug} belongs to another product.", ["input", "slug"])
    if owner is None:
        work.do(insert(t.product_slugs).values(slug=slug, product_id=row.id))
    work.do(sa.update(t.products).where(t.products.c.id == row.id).values(slug=slug))
    return events.ProductSlugChanged(product_id=row.id, slug=slug, was=row.slug)


def _product(work: Work, product_id: str) -> Any:
    row = work.one(t.products, product_id)
    if row is None:
        raise NotFound(f"There is no product {product_id}.", ["id"])
    return row


def _currency(work: Work, code: str, path: Path) -> str:
    currency = work.connection.scalar(_CURRENCY, {"code": code})
    if currency is None:
        raise NotFound(f"There is no channel {code}.", path)
    return str(currency)


def _has_price(work: Work, product_id: str, code: str) -> bool:
    return work.connection.scalar(_HAS_PRICE, {"product_id": product_id, "code": code}) is not None


def _depth(work: Work, category_id: str) -> int:
    depth, above = 0, category_id
    while above is not None:
        row = work.one(t.categories, above)
        if row is None:
            raise NotFound(f"There is no category {above}.", ["input", "parentId"])
        depth, above = depth + 1, row.parent_id
    return depth


def _check_categories(work: Work, category_ids: Sequence[str]) -> None:
    if not category_ids:
        return
    known = set(work.connection.scalars(sa.select(t.categories.c.id).where(t.categories.c.id.in_(category_ids))))
    for category_id in category_ids:
        if category_id not in known:
            raise NotFound(f"There is no category {category_id}.", ["input", "categoryIds"])


def _categories_of(work: Work, product_id: str) -> list[str]:
    filed = sa.select(t.product_categories.c.category_id).where(t.product_categories.c.product_id == product_id)
    return list(work.connection.scalars(filed.order_by(t.product_categories.c.category_id)))


def _file_under(work: Work, product_id: str, category_ids: Sequence[str]) -> None:
    rows = [{"product_id": product_id, "category_id": category_id} for category_id in dict.fromkeys(category_ids)]
    work.do_each(insert(t.product_categories).on_conflict_do_nothing(), rows)


def _options_key(options: Sequence[Attribute]) -> str | None:
    """One text for one combination of options, whatever their order; none where a variant has no options."""
    return "\n".join(sorted(f"{o.key.casefold()}={o.value.casefold()}" for o in options)) or None


def _inserted(work: Work, table: sa.Table, row: dict[str, Any]) -> bool:
    """Insert a row unless something unique about it is taken; tell which."""
    return work.connection.execute(_unless_taken(table), row).first() is not None


@cache
def _unless_taken(table: sa.Table) -> sa.UpdateBase:
    return insert(table).on_conflict_do_nothing().returning(next(iter(table.primary_key.columns)))


def _plain(value: Any) -> Any:
    """Turn structs into what a JSON column holds."""
    return msgspec.to_builtins(value)
