"""What happens to channels, categories, products and variants."""

from typing import Any

from shop import ids
from shop.events.base import Attribute, Event, Media, Place, Price


class ChannelCreated(Event, frozen=True, kw_only=True, omit_defaults=True):
    code: str
    name: str
    currency: str

    @property
    def stream(self) -> str:
        return ids.channel(self.code)


class CategoryCreated(Event, frozen=True, kw_only=True, omit_defaults=True):
    category_id: str
    slug: str
    name: str
    description: str | None = None
    parent_id: str | None = None
    image: Media | None = None
    position: int = 0

    @property
    def stream(self) -> str:
        return self.category_id


class CategoryRenamed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """How a category is called and described, as it is after the change."""

    category_id: str
    slug: str
    name: str
    description: str | None = None
    image: Media | None = None

    @property
    def stream(self) -> str:
        return self.category_id


class CategoryMoved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Where a category stands in the tree, with all that is below it; without a parent it is a root."""

    category_id: str
    parent_id: str | None = None
    position: int = 0

    @property
    def stream(self) -> str:
        return self.category_id


class _OfCollection(Event, frozen=True, kw_only=True, omit_defaults=True):
    collection_id: str

    @property
    def stream(self) -> str:
        return self.collection_id


class CollectionDefined(_OfCollection, frozen=True, kw_only=True, omit_defaults=True):
    """All that describes a collection, as it is from now on: the first begins it, a later one replaces.

    `rule` is the filter that its products fit, in the API's words; without one it is a list.
    """

    slug: str
    name: str
    description: str | None = None
    image: Media | None = None
    rule: dict[str, Any] | None = None


class CollectionListed(_OfCollection, frozen=True, kw_only=True, omit_defaults=True):
    """The places that changed in a collection's list; products not named stay where they are.

    A long list that changed is told by several of these, so that each reaches a bounded number of products.
    """

    places: list[Place]

    def roots(self) -> set[str]:
        return {self.collection_id, *(one.product_id for one in self.places)}


class _OfProduct(Event, frozen=True, kw_only=True, omit_defaults=True):
    product_id: str

    @property
    def stream(self) -> str:
        return self.product_id


class ProductCreated(_OfProduct, frozen=True, kw_only=True, omit_defaults=True):
    slug: str
    name: str
    description: str | None = None
    vendor: str | None = None
    category_ids: list[str] = []
    tags: list[str] = []
    attributes: list[Attribute] = []
    media: list[Media] = []
    metadata: Any = None


class ProductDescribed(_OfProduct, frozen=True, kw_only=True, omit_defaults=True):
    """All that describes a product, as it is after the change: a fold replaces, it never merges."""

    name: str
    description: str | None = None
    vendor: str | None = None
    category_ids: list[str] = []
    tags: list[str] = []
    attributes: list[Attribute] = []
    media: list[Media] = []
    metadata: Any = None


class ProductSlugChanged(_OfProduct, frozen=True, kw_only=True, omit_defaults=True):
    slug: str
    was: str


class ProductPublished(_OfProduct, frozen=True, kw_only=True, omit_defaults=True):
    channel: str


class ProductUnpublished(_OfProduct, frozen=True, kw_only=True, omit_defaults=True):
    """`status` is DRAFT when this was the last channel that sold it."""

    channel: str
    status: str


class ProductArchived(_OfProduct, frozen=True, kw_only=True, omit_defaults=True):
    """No channel sells it any longer, for good. Orders that have it keep it."""


class _OfVariant(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A variant has its own history, and lives in its product's document."""

    variant_id: str
    product_id: str

    @property
    def stream(self) -> str:
        return self.variant_id

    def roots(self) -> set[str]:
        return {self.product_id}


class VariantCreated(_OfVariant, frozen=True, kw_only=True, omit_defaults=True):
    sku: str
    name: str
    option_values: list[Attribute] = []
    backorderable: bool = False
    weight_grams: int | None = None
    barcode: str | None = None
    image: Media | None = None


class VariantDescribed(_OfVariant, frozen=True, kw_only=True, omit_defaults=True):
    """All that describes a variant, as it is after the change. Its SKU never changes."""

    name: str
    option_values: list[Attribute] = []
    backorderable: bool = False
    weight_grams: int | None = None
    barcode: str | None = None
    image: Media | None = None


class VariantDiscontinued(_OfVariant, frozen=True, kw_only=True, omit_defaults=True):
    """It is sold no longer. Orders that have it keep it."""


class VariantPriced(_OfVariant, frozen=True, kw_only=True, omit_defaults=True):
    """The new price in each channel named; channels not named keep theirs."""

    prices: list[Price]
