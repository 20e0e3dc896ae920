"""What is sold and where: channels, warehouses, categories, products with their variants, stock levels."""

from typing import Any

import msgspec

from shop.events import Attribute, Media
from shop.money import Money
from shop.views.base import Document


class Channel(Document, kw_only=True, omit_defaults=True):
    view = "channel"

    code: str
    name: str
    currency: str


class Warehouse(Document, kw_only=True, omit_defaults=True):
    view = "warehouse"

    code: str
    name: str
    active: bool = True
    priority: int = 0


class Category(Document, kw_only=True, omit_defaults=True):
    view = "category"
    fold_version = 2  # filed in a tree

    slug: str
    name: str
    description: str | None = None
    parent_id: str | None = None
    image: Media | None = None
    position: int = 0


class Collection(Document, kw_only=True, omit_defaults=True):
    """What a collection is called, and its rule, a filter in the API's words.

    Which products stand in a list, each of them knows (`Product.places`); which fit a rule is found when it is asked.
    """

    view = "collection"
    fold_version = 2  # filed by having a rule

    slug: str
    name: str
    description: str | None = None
    image: Media | None = None
    rule: dict[str, Any] | None = None


# Parts of documents never refer back to them, so the garbage collector need not look at them (gc=False).


class VariantPrice(msgspec.Struct, omit_defaults=True, gc=False):
    channel: str
    price: Money
    compare_at: Money | None = None


class Level(msgspec.Struct, omit_defaults=True, gc=False):
    """Stock of a variant in one warehouse; only an active warehouse sells."""

    on_hand: int
    allocated: int
    reserved: int
    active: bool = True

    @property
    def free(self) -> int:
        return max(0, self.on_hand - self.allocated - self.reserved) if self.active else 0


class Variant(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """A variant inside its product. `price`, `compare_at_price` are the channel's; `prices` and `levels` are for staff.

    `product_id` and `channel` are not stored: the read side fills them in.
    """

    id: str
    product_id: str = ""
    channel: str = ""
    version: int
    updated_at: str
    sku: str
    name: str
    option_values: list[Attribute] = []
    backorderable: bool = False
    discontinued: bool = False
    weight_grams: int | None = None
    barcode: str | None = None
    image: Media | None = None
    available_quantity: int = 0
    price: Money | None = None
    compare_at_price: Money | None = None
    prices: list[VariantPrice] = []
    levels: dict[str, Level] = {}

    @property
    def in_stock(self) -> bool:
        return not self.discontinued and (self.backorderable or self.available_quantity > 0)


class Product(Document, kw_only=True, omit_defaults=True):
    """The staff's document of a product; `channels` are those that sell it. Each channel's own is cut from it.

    `channel` is the one that a document is shown for: stored in a channel's own, filled in by the read side in the staff's.
    `ratings` are how many published reviews there are of 1, 2, 3, 4 and 5. `places` are by the id of each collection that
    lists it, counted from 0.
    """

    view = "product"
    fold_version = 3  # found by values and words, and sorted by rating

    channel: str = ""

    slug: str
    name: str
    created_at: str
    status: str = "DRAFT"
    description: str | None = None
    vendor: str | None = None
    category_ids: list[str] = []
    places: dict[str, int] = {}
    tags: list[str] = []
    attributes: list[Attribute] = []
    media: list[Media] = []
    metadata: Any = None
    variants: list[Variant] = []
    units_sold: int = 0
    ratings: list[int] = []
    channels: list[str] = []
    former_slugs: list[str] = []
    published: bool = False

    @property
    def rating_hundredths(self) -> int:
        """What its reviews give it on average, to the nearest hundredth: 433 for 4.33; 0 where there are none."""
        given = sum(rating * count for rating, count in enumerate(self.ratings, 1))
        count = sum(self.ratings)
        return (given * 200 + count) // (2 * count) if count else 0

    @property
    def in_stock(self) -> bool:
        return any(one.in_stock for one in self.variants)


class StockLevel(Document, kw_only=True, omit_defaults=True):
    view = "stock_level"
    fold_version = 2

    product_id: str
    variant_id: str
    warehouse_id: str
    on_hand: int
    allocated: int
    reserved: int
