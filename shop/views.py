"""Every view: its shape, its version, its keys in Redis and the names of its indexes. Each key is written down here, once.

A view is a set of documents. A document's id begins with its root's id (`prod_...`, `prod_...:retail`), and all that
hangs on one root lies in one segment. Shapes follow the GraphQL types; names are the API's in snake case.
"""

import zlib
from typing import Any, ClassVar

import msgspec

from shop.events import Address, Attribute, Media
from shop.money import Money


class Document(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What every document has: its id, and the place in the log that it was folded to (position and ordinal)."""

    view: ClassVar[str]
    fold_version: ClassVar[int] = 1

    id: str
    folded_position: int = 0
    folded_ordinal: int = 0
    version: int = 0
    updated_at: str = ""


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

    slug: str
    name: str
    description: str | None = None
    parent_id: str | None = None
    image: Media | None = None
    position: int = 0


class VariantPrice(msgspec.Struct, omit_defaults=True):
    channel: str
    price: Money
    compare_at: Money | None = None


class Level(msgspec.Struct, omit_defaults=True):
    """Stock of a variant in one warehouse; only an active warehouse sells."""

    on_hand: int
    allocated: int
    reserved: int
    active: bool = True

    @property
    def free(self) -> int:
        return max(0, self.on_hand - self.allocated - self.reserved) if self.active else 0


class Variant(msgspec.Struct, kw_only=True, omit_defaults=True):
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


class Product(Document, kw_only=True, omit_defaults=True):
    """The staff's document of a product; `channels` are those that sell it. Each channel's own is cut from it.

    `channel` is the one that a document is shown for: stored in a channel's own, filled in by the read side in the staff's.
    """

    view = "product"

    channel: str = ""

    slug: str
    name: str
    created_at: str
    status: str = "DRAFT"
    description: str | None = None
    vendor: str | None = None
    category_ids: list[str] = []
    tags: list[str] = []
    attributes: list[Attribute] = []
    media: list[Media] = []
    metadata: Any = None
    variants: list[Variant] = []
    units_sold: int = 0
    channels: list[str] = []
    former_slugs: list[str] = []
    published: bool = False


class DayOfProduct(msgspec.Struct, array_like=True):
    """Units and revenue (smallest units of the channel's currency) of one product on one day."""

    units: int
    revenue: int


class ProductSales(Document, kw_only=True, omit_defaults=True):
    """What one product sold in one channel in one month, by day: what top products are ranked from."""

    view = "product_sales"

    channel: str
    days: dict[str, DayOfProduct] = {}


class StockLevel(Document, kw_only=True, omit_defaults=True):
    view = "stock_level"

    product_id: str
    variant_id: str
    warehouse_id: str
    on_hand: int
    allocated: int
    reserved: int


class CartLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    id: str
    variant_id: str
    product_id: str
    quantity: int


class Cart(Document, kw_only=True, omit_defaults=True):
    """Prices and problems of its lines are joined when it is read: a cart promises nothing."""

    view = "cart"

    channel: str
    currency: str
    expires_at: str
    status: str = "OPEN"
    customer_id: str | None = None
    checkout_id: str | None = None
    lines: list[CartLine] = []


class Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A line with the price that was taken: it does not move with the catalog."""

    id: str
    variant_id: str
    product_id: str
    sku: str
    name: str
    quantity: int
    unit_price: Money
    discount: Money
    tax: Money
    total: Money
    option_values: list[Attribute] = []
    image: Media | None = None


class Checkout(Document, kw_only=True, omit_defaults=True):
    view = "checkout"

    cart_id: str
    channel: str
    reserved_until: str
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    status: str = "OPEN"
    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    metadata: Any = None
    order_id: str | None = None
    lines: list[Line] = []


class Allocation(msgspec.Struct):
    warehouse_id: str
    quantity: int


class OrderLine(Line, kw_only=True, omit_defaults=True):
    status: str
    quantity_shipped: int = 0
    quantity_returned: int = 0
    quantity_canceled: int = 0
    allocations: list[Allocation] = []


class LedgerEntry(msgspec.Struct, kw_only=True, omit_defaults=True):
    id: str
    kind: str
    outcome: str
    amount: Money
    at: str
    provider_ref: str | None = None
    message: str | None = None


class Payment(msgspec.Struct, kw_only=True, omit_defaults=True):
    id: str
    provider: str
    state: str
    authorized: Money
    captured: Money
    refunded: Money
    ledger: list[LedgerEntry] = []
    decline_code: str | None = None


class MovedLine(msgspec.Struct):
    """Units of an order line that a fulfillment carries or a return brings back."""

    line_id: str
    quantity: int


class Fulfillment(msgspec.Struct, kw_only=True, omit_defaults=True):
    id: str
    state: str
    warehouse_id: str
    created_at: str
    lines: list[MovedLine] = []
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    shipped_at: str | None = None
    delivered_at: str | None = None


class Return(msgspec.Struct, kw_only=True, omit_defaults=True):
    id: str
    state: str
    created_at: str
    lines: list[MovedLine] = []
    reason: str | None = None
    refunded: Money | None = None


class Order(Document, kw_only=True, omit_defaults=True):
    view = "order"

    number: str
    channel: str
    created_at: str
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    paid: Money
    refunded: Money
    status: str = "PENDING_PAYMENT"
    payment_status: str = "NONE"
    fulfillment_status: str = "UNFULFILLED"
    checkout_id: str | None = None
    placed_at: str | None = None
    customer_id: str | None = None
    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    metadata: Any = None
    lines: list[OrderLine] = []
    payments: list[Payment] = []
    fulfillments: list[Fulfillment] = []
    returns: list[Return] = []


class CreditLine(msgspec.Struct):
    sku: str
    name: str
    quantity: int
    unit_price: Money
    total: Money


class Credit(Document, kw_only=True, omit_defaults=True):
    view = "credit"

    number: str
    at: str
    channel: str
    amount: Money
    lines: list[CreditLine]
    customer_id: str | None = None


class Customer(Document, kw_only=True, omit_defaults=True):
    """`total_spent`: per currency, what was paid less what was refunded on orders. `credit_ids` in order of recording."""

    view = "customer"

    external_ref: str | None = None
    email: str | None = None
    name: str | None = None
    order_count: int = 0
    total_spent: list[Money] = []
    credit_ids: list[str] = []


class SalesDay(Document, kw_only=True, omit_defaults=True):
    view = "sales_day"

    channel: str
    date: str
    orders: int = 0
    units: int = 0
    revenue: Money
    refunded: Money


ALL: tuple[type[Document], ...] = (
    Channel, Warehouse, Category, Product, ProductSales, StockLevel,
    Cart, Checkout, Order, Credit, Customer, SalesDay,
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------------- keys


def root(document_id: str) -> str:
    """Return the id that the document hangs on: what stands before the first colon."""
    return document_id.partition(":")[0]


class Keys(msgspec.Struct, frozen=True):
    """All Redis keys, for a number of segments that was fixed when the views were made.

    A segment's keys share a hash tag, so that they lie in one slot of a Redis Cluster and one script may write them.
    """

    segments: int

    def segment(self, document_id: str) -> int:
        """The segment of a document: by a hash of its root, the same in every process."""
        return zlib.crc32(root(document_id).encode()) % self.segments

    def document(self, view: type[Document], document_id: str) -> str:
        return f"{{tw{self.segment(document_id)}}}:{view.view}.{view.fold_version}:{document_id}"

    def index(self, view: type[Document], segment: int, name: str) -> str:
        return f"{{tw{segment}}}:{view.view}.{view.fold_version}/{name}"

    def checkpoint(self, segment: int) -> str:
        """A hash: `epoch`, `position`, `event` (id of the event there), `feed_from` (the feed is whole after it)."""
        return f"{{tw{segment}}}:checkpoint"

    def feed(self, segment: int) -> str:
        """A stream with an entry `<position>-0` for every event that changed a document here."""
        return f"{{tw{segment}}}:feed"


LAYOUT = "tradewind:layout"  # a hash: `segments`
NUDGE = "tradewind:nudge"  # a channel: the log has grown

# ---------------------------------------------------------------------------------------------------------- indexes
# An index is a sorted set. Where order is by text, all scores are 0 and a member is `sort key, NUL, document id`: it
# pages both ways from any member, and a cursor (which is a member) stays good while the catalog changes.

LOOKUP = "lookup"  # members `kind=value NUL id`: the way from a slug, SKU, number or reference to an id
EVERY = "every"  # all documents of a view, in the order of its natural key
SEARCH = "search"  # members `word NUL id`: a range finds all words that begin alike


def member(sort_key: str, document_id: str) -> str:
    return f"{sort_key}\0{document_id}"


def member_id(entry: str) -> str:
    """The document id of an index member."""
    return entry.rpartition("\0")[2]


def number_key(value: int) -> str:
    """Write a whole number so that texts compare as numbers do, negative ones too."""
    return f"{value + 10**17:018d}"


def listing(channel: str, scope: str, sort: str) -> str:
    """Products published in a channel: of a category's id, or `all`; by NAME, PRICE, CREATED_AT, BEST_SELLING, UPDATED_AT."""
    return f"listing:{channel}:{scope}:{sort}"


def orders_by(axis: str, value: str, sort: str) -> str:
    """Orders by `status`, `payment`, `fulfillment`, `customer`, `channel` or `all`; sorted by the API's OrderSortField."""
    return f"orders:{axis}:{value}:{sort}"


def stock_in(warehouse_id: str) -> str:
    return f"warehouse:{warehouse_id}"


def top(channel: str, day: str, by: str) -> str:
    """Product ids scored by what they sold on a day; `by` is REVENUE or UNITS."""
    return f"top:{channel}:{day}:{by}"
