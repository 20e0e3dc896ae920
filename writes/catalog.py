"""Categories and products: what is sold, and what it is filed under. Variants and their prices have a file of their own."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import events, ids
from shop.events import Attribute, Media
from shop.upsert import insert
from writes import categories, channels, naming, variants
from writes import tables as t
from writes.refusals import Invalid, NotAllowedFrom, NotFound, Path, Taken
from writes.variants import VariantIn
from writes.work import Done, Work

# Statements that imports send by the thousand. One that is made once costs a third of one that is made anew.
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


class CreateCategory(msgspec.Struct, frozen=True):
    name: str
    slug: str | None = None
    parent_id: str | None = None
    description: str | None = None
    image: Media | None = None
    position: int = 0


class CreateProduct(msgspec.Struct, frozen=True):
    """A product with its variants; where `channels` are named it is published there at once."""

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
    channels: list[str] = []


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


class ArchiveProduct(msgspec.Struct, frozen=True):
    product_id: str


def create_category(work: Work, command: CreateCategory) -> Done:
    if command.parent_id is not None:
        categories.check_place(categories.held_tree(work), command.parent_id)
    category_id, slug = ids.new("category"), command.slug or slug_of(command.name)
    row: dict[str, Any] = {
        "slug": slug,
        "name": naming.named(command.name),
        "description": command.description,
        "parent_id": command.parent_id,
        "position": command.position,
    }
    naming.check_slug(slug)
    if not work.added(t.categories, {**row, "id": category_id, "image": _plain(command.image)}):
        raise Taken(f"The slug {slug} belongs to another category.", ["input", "slug"])
    happened = events.CategoryCreated(category_id=category_id, image=command.image, **row)
    return Done([happened], {"category_id": category_id})


def create_product(work: Work, command: CreateProduct) -> Done:
    product_id = ids.new("product")
    slug = command.slug or _free_slug(work, slug_of(command.name))
    described = {
        "name": naming.named(command.name),
        "description": command.description,
        "vendor": command.vendor,
        "tags": command.tags,
        "attributes": command.attributes,
        "media": command.media,
        "metadata": command.metadata,
    }
    naming.check_slug(slug)
    _check_categories(work, command.category_ids)
    row = {"id": product_id, "slug": slug, "status": "DRAFT", "created_at": work.at, **_plain(described)}
    while _slug_owner(work, slug) is not None or not work.added(t.products, row):
        if command.slug is not None:
            raise Taken(f"The slug {slug} belongs to another product.", ["input", "slug"])
        row["slug"] = slug = _free_slug(work, slug_of(command.name))  # another command took it a moment ago
    work.add(t.product_slugs, {"slug": slug, "product_id": product_id})
    _file_under(work, product_id, command.category_ids)
    filed = list(dict.fromkeys(command.category_ids))
    created = events.ProductCreated(product_id=product_id, slug=slug, category_ids=filed, **described)
    happened: list[events.Event] = [created]
    variant_ids = []
    for index, variant in enumerate(command.variants):
        path: Path = ["input", "variants", index]
        variant_id, of_variant = variants.add(work, product_id, described["name"], variant, path)
        variant_ids.append(variant_id)
        happened += of_variant
    happened += _publish(work, product_id, described["name"], command.channels)
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
    described["name"] = naming.named(described["name"])
    filed = _categories_of(work, row.id)
    category_ids = filed if command.category_ids is UNSET else list(dict.fromkeys(command.category_ids))
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
    row = _not_archived(work, command.product_id)
    return Done(_publish(work, row.id, row.name, command.channels), {"product_id": row.id})


def unpublish_product(work: Work, command: UnpublishProduct) -> Done:
    row = _product(work, command.product_id)
    of_product = t.publications.c.product_id == row.id
    published = set(work.connection.scalars(sa.select(t.publications.c.channel).where(of_product)))
    happened: list[events.Event] = []
    for code in dict.fromkeys(command.channels):
        channels.currency(work, code, ["channels"])
        if code in published:
            published.discard(code)
            work.do(sa.delete(t.publications).where(of_product, t.publications.c.channel == code))
            status = "ACTIVE" if published else "DRAFT"
            happened.append(events.ProductUnpublished(product_id=row.id, channel=code, status=status))
    if happened and not published:
        work.do(sa.update(t.products).where(t.products.c.id == row.id).values(status="DRAFT"))
    return Done(happened, {"product_id": row.id})


def archive_product(work: Work, command: ArchiveProduct) -> Done:
    """Take a product out of the shop for good. It is never deleted: orders lead to it."""
    row = _not_archived(work, command.product_id)
    work.do(sa.delete(t.publications).where(t.publications.c.product_id == row.id))
    work.do(sa.update(t.products).where(t.products.c.id == row.id).values(status="ARCHIVED"))
    return Done([events.ProductArchived(product_id=row.id)], {"product_id": row.id})


def slug_of(name: str) -> str:
    """Make a slug of a name: ASCII, lower case, words joined by dashes. A name without letters gives `item`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:150].strip("-") or "item"


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
    naming.check_slug(slug)
    owner = _slug_owner(work, slug)
    if owner not in {None, row.id}:
        raise Taken(f"The slug {slug} belongs to another product.", ["input", "slug"])
    if owner is None:
        work.do(insert(t.product_slugs).values(slug=slug, product_id=row.id))
    work.do(sa.update(t.products).where(t.products.c.id == row.id).values(slug=slug))
    return events.ProductSlugChanged(product_id=row.id, slug=slug, was=row.slug)


def _publish(work: Work, product_id: str, name: str, codes: Sequence[str]) -> list[events.Event]:
    happened: list[events.Event] = []
    for code in dict.fromkeys(codes):
        channels.currency(work, code, ["channels"])
        if not _has_price(work, product_id, code):
            raise Invalid(f"{name} has no variant with a price in {code}: set one, then publish.", ["channels"])
        if work.added(t.publications, {"product_id": product_id, "channel": code}):
            happened.append(events.ProductPublished(product_id=product_id, channel=code))
    if happened:
        work.do(sa.update(t.products).where(t.products.c.id == product_id).values(status="ACTIVE"))
    return happened


def _product(work: Work, product_id: str) -> Any:
    row = work.one(t.products, product_id)
    if row is None:
        raise NotFound(f"There is no product {product_id}.", ["id"])
    return row


def _not_archived(work: Work, product_id: str) -> Any:
    row = _product(work, product_id)
    if row.status == "ARCHIVED":
        raise NotAllowedFrom("The product", row.status, [], ["id"])
    return row


def _has_price(work: Work, product_id: str, code: str) -> bool:
    return work.connection.scalar(_HAS_PRICE, {"product_id": product_id, "code": code}) is not None


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


def _plain(value: Any) -> Any:
    """Turn structs into what a JSON column holds."""
    return msgspec.to_builtins(value)
