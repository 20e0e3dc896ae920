"""Products and their variants as a channel shows them, and the queries that find them."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

from reads import catalog, gathered, pages, products
from reads.listings import Listing
from reads.pages import Edge, Page
from reads.reviews import ReviewFilter
from schema.catalog import DEFAULT, Attribute, Category, Channel, Media, ShownCategory
from schema.collections import Collection, ShownCollection
from schema.context import Info
from schema.facets import Facet
from schema.listings import Place, ProductSort, ProductStatus, ProductWhere, listing, window
from schema.money import Money, PriceRange, Range, span
from schema.nodes import Node, PageInfo, Versioned, Within, known, one_of
from schema.review_lists import ReviewSort, ReviewStatus, listed
from schema.scalars import JSON, Decimal
from shop import events, ids, views

if TYPE_CHECKING:
    from schema.reviews import ReviewConnection
    from schema.stock import StockLevel


@strawberry.type
class ProductOption:
    name: str
    values: list[str]


@strawberry.type(description="The price in each channel, for those who edit it.")
class VariantPrice:
    price: Money
    compare_at: Money | None

    @strawberry.field(graphql_type=Channel)
    @staticmethod
    async def channel(priced: Parent[views.VariantPrice], info: Info) -> views.Channel | None:
        return await catalog.channel(info.context.reading, priced.channel)


@strawberry.type
class Variant(Node, Versioned):
    sku: str
    name: str
    option_values: list[Attribute]
    price: Money | None
    compare_at_price: Money | None
    available_quantity: int
    backorderable: bool
    discontinued: bool
    weight_grams: int | None
    barcode: str | None
    image: Media | None
    in_stock: bool

    @strawberry.field(graphql_type="Product")
    @staticmethod
    async def product(variant: Parent[views.Variant], info: Info) -> views.Product | None:
        return await products.product(info.context.reading, variant.channel, id=variant.product_id)

    @strawberry.field(description="The most that one line may ask for now.")
    @staticmethod
    def max_quantity(variant: Parent[views.Variant], info: Info) -> int | None:
        most = info.context.limits.units_a_line
        if variant.discontinued:
            return 0
        return most if variant.backorderable else min(most, variant.available_quantity)

    @strawberry.field(graphql_type=list[VariantPrice] | None)
    @staticmethod
    async def prices(variant: Parent[views.Variant], info: Info) -> list[views.VariantPrice]:
        return (await _as_staff_see_it(variant, info)).prices

    @strawberry.field(graphql_type=list[Annotated["StockLevel", strawberry.lazy("schema.stock")]] | None)
    @staticmethod
    async def stock_levels(variant: Parent[views.Variant], info: Info) -> list[Within[views.StockLevel, str]]:
        warehouses = (await _as_staff_see_it(variant, info)).levels
        level_ids = [f"{variant.product_id}:{variant.id}:{warehouse_id}" for warehouse_id in warehouses]
        levels = await info.context.reading.many(views.StockLevel, level_ids)
        return [Within(level, variant.channel) for level in levels if level is not None]


@strawberry.type
class RatingCount:
    rating: int
    count: int


@strawberry.type
class Product(Node, Versioned):
    created_at: dt.datetime
    slug: str
    name: str
    description: str | None
    vendor: str | None
    status: ProductStatus
    tags: list[str]
    media: list[Media]
    attributes: list[Attribute]
    variants: list[Variant]
    units_sold: int
    metadata: JSON | None
    published: bool
    in_stock: bool

    @strawberry.field(graphql_type=list[Category])
    @staticmethod
    async def categories(product: Parent[views.Product], info: Info) -> list[ShownCategory]:
        found = await info.context.reading.many(views.Category, product.category_ids)
        return [Within(one, product.channel) for one in found if one is not None]

    @strawberry.field(graphql_type=list[Collection])
    @staticmethod
    async def collections(product: Parent[views.Product], info: Info) -> list[ShownCollection]:
        found = await gathered.collections_of(info.context.reading, product)
        return [Within(one, product.channel) for one in found]

    @strawberry.field(graphql_type=list[ProductOption])
    @staticmethod
    def options(product: Parent[views.Product]) -> list[ProductOption]:
        """Each option with its values, in the order in which the variants name them."""
        values: dict[str, dict[str, None]] = {}
        for variant in product.variants:
            for option in variant.option_values:
                values.setdefault(option.key, {})[option.value] = None
        return [ProductOption(name=name, values=list(found)) for name, found in values.items()]

    @strawberry.field(graphql_type=PriceRange | None)
    @staticmethod
    def price_range(product: Parent[views.Product]) -> Range | None:
        return span(variant.price for variant in product.variants if not variant.discontinued)

    @strawberry.field(graphql_type=PriceRange | None)
    @staticmethod
    def compare_at_price_range(product: Parent[views.Product]) -> Range | None:
        return span(variant.compare_at_price for variant in product.variants if not variant.discontinued)

    @strawberry.field(graphql_type=Media | None)
    @staticmethod
    def image(product: Parent[views.Product]) -> events.Media | None:
        return product.media[0] if product.media else None

    @strawberry.field(description="Of its published reviews, with two decimals; null where there are none.")
    @staticmethod
    def rating(product: Parent[views.Product]) -> Decimal | None:
        whole, hundredths = divmod(product.rating_hundredths, 100)
        return Decimal(f"{whole}.{hundredths:02d}") if any(product.ratings) else None

    @strawberry.field
    @staticmethod
    def review_count(product: Parent[views.Product]) -> int:
        return sum(product.ratings)

    @strawberry.field(description="Of each rating from 1 to 5.")
    @staticmethod
    def rating_counts(product: Parent[views.Product]) -> list[RatingCount]:
        return [RatingCount(rating=rating, count=count) for rating, count in enumerate(product.ratings or [0] * 5, 1)]

    @strawberry.field(
        graphql_type=Annotated["ReviewConnection", strawberry.lazy("schema.reviews")],
        description="Those that are published, the newest first unless sorted otherwise.",
    )
    @staticmethod
    async def reviews(
        product: Parent[views.Product],
        info: Info,
        first: int = 20,
        after: str | None = strawberry.UNSET,
        sort: ReviewSort | None = strawberry.UNSET,
        rating: int | None = strawberry.UNSET,
    ) -> Page[views.Review]:
        published = ReviewFilter([ReviewStatus.PUBLISHED.value], product.id, known(rating))
        return await listed(info.context, published, sort, window(first, after), product.channel)

    @strawberry.field(graphql_type=list[Channel] | None)
    @staticmethod
    async def channels(product: Parent[views.Product], info: Info) -> list[views.Channel]:
        reading = info.context.reading
        staff = await reading.get(views.Product, product.id)
        found = await reading.many(views.Channel, [ids.channel(code) for code in (staff or product).channels])
        return [channel for channel in found if channel is not None]


@strawberry.type
class ProductEdge:
    cursor: str
    node: Product


@strawberry.type
class ProductConnection:
    facets: list[Facet]

    @strawberry.field(graphql_type=list[ProductEdge])
    @staticmethod
    def edges(listing: Parent[Listing]) -> list[Edge[views.Product]]:
        return listing.page.edges

    @strawberry.field(graphql_type=list[Product])
    @staticmethod
    def nodes(listing: Parent[Listing]) -> list[views.Product]:
        return listing.page.nodes

    @strawberry.field(graphql_type=PageInfo)
    @staticmethod
    def page_info(listing: Parent[Listing]) -> pages.PageInfo:
        return listing.page.page_info

    @strawberry.field
    @staticmethod
    def total_count(listing: Parent[Listing]) -> int:
        return listing.page.total_count

    @strawberry.field(graphql_type=PriceRange | None)
    @staticmethod
    def price_range(listing: Parent[Listing]) -> Range | None:
        return None if listing.price_range is None else Range(*listing.price_range)


@strawberry.type
class ProductQuery:
    @strawberry.field(graphql_type=Product | None)
    @staticmethod
    async def product(
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,
        slug: str | None = strawberry.UNSET,
        channel: str = DEFAULT,
    ) -> views.Product | None:
        return await products.product(info.context.reading, channel, **one_of(id=id, slug=slug))

    @strawberry.field(graphql_type=ProductConnection)
    @staticmethod
    async def products(
        info: Info,
        channel: str = DEFAULT,
        search: str | None = strawberry.UNSET,
        where: ProductWhere | None = strawberry.UNSET,
        sort: ProductSort | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Listing:
        return await listing(info, Place(channel), search, where, sort, window(first, after, last, before))

    @strawberry.field(graphql_type=Variant | None)
    @staticmethod
    async def variant(
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,
        sku: str | None = strawberry.UNSET,
        barcode: str | None = strawberry.UNSET,
        channel: str = DEFAULT,
    ) -> views.Variant | None:
        return await products.variant(info.context.reading, channel, **one_of(id=id, sku=sku, barcode=barcode))


async def _as_staff_see_it(variant: views.Variant, info: Info) -> views.Variant:
    """A channel's own document has one price and no levels: the staff's has them all."""
    staff = await info.context.reading.get(views.Product, variant.product_id)
    return next((one for one in staff.variants if one.id == variant.id), variant) if staff else variant
