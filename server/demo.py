"""The demo catalog: a small shop of things traded by sea, for those who try Tradewind out. What it sells is in demo.json."""

from functools import partial
from importlib.resources import files

import msgspec

from server.assortment import Assortment, Wanted
from shop.events import Attribute
from shop.money import Money
from writes import known
from writes.bus import Bus
from writes.catalog import CreateCategory, CreateProduct
from writes.promotions import CreatePromotion
from writes.shipping import CreateShippingMethod
from writes.stock import CreateWarehouse
from writes.taxes import SetTaxRate
from writes.variants import PriceIn, VariantIn

CHANNEL = "default"
_ACTOR = "demo"


class _Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    slug: str
    name: str
    parent: str | None = None
    description: str | None = None


class _Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sku: str
    price: str
    stock: dict[str, int]
    options: dict[str, str] = {}
    compare_at: str | None = None
    grams: int | None = None
    barcode: str | None = None
    backorderable: bool = False


class _Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    slug: str
    name: str
    description: str
    vendor: str
    categories: list[str]
    tags: list[str]
    attributes: dict[str, str]
    variants: list[_Variant]


class _ShippingMethod(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    countries: list[str]
    price: str
    free_from: str | None = None
    max_weight_grams: int | None = None
    min_days: int | None = None
    max_days: int | None = None


class Demo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The catalog as the file has it. Categories name a parent above them; stock is by warehouse."""

    name: str
    currency: str
    warehouses: list[CreateWarehouse]
    categories: list[_Category]
    products: list[_Product]
    shipping: list[_ShippingMethod]
    taxes: list[SetTaxRate]
    promotions: list[CreatePromotion]


async def load_demo(bus: Bus) -> bool:
    """Load the demo into a shop that has no channel `default`; tell whether anything was to do.

    A load that was killed is finished by the next. One that was finished is never touched again, whatever became of
    it: that the last product was put on sale at some time, which the log keeps for ever, says that all of it was there.
    """
    demo = read_demo()
    if not await _is_wanted(bus, demo.products[-1]):
        return False
    assortment = Assortment(bus, CHANNEL, _ACTOR)
    await assortment.open(demo.name, demo.currency)
    warehouse_ids = {wanted.code: await assortment.warehouse(wanted) for wanted in demo.warehouses}
    for method in demo.shipping:
        await assortment.shipping_method(_method(method, demo.currency))
    for rate in demo.taxes:
        await assortment.tax_rate(rate)
    for promotion in demo.promotions:
        await assortment.promotion(promotion)
    category_ids: dict[str, str] = {}
    for position, category in enumerate(demo.categories):
        parent_id = category_ids[category.parent] if category.parent is not None else None
        wanted = CreateCategory(category.name, category.slug, parent_id, category.description, position=position)
        category_ids[category.slug] = await assortment.category(wanted)
    *products, last = [_wanted(product, demo.currency, category_ids, warehouse_ids) for product in demo.products]
    await assortment.offer(products)
    await assortment.offer([last])
    return True


def read_demo() -> Demo:
    return msgspec.json.decode(files("server").joinpath("demo.json").read_bytes(), type=Demo)


async def _is_wanted(bus: Bus, last: _Product) -> bool:
    """Tell whether there is no channel yet, or one that the demo made and did not fill."""
    maker = await bus.read(partial(known.channel_maker, code=CHANNEL))
    if maker != _ACTOR:
        return maker is None
    goods: known.Goods = await bus.read(partial(known.goods, channel=CHANNEL, skus=[], slugs=[last.slug]))
    return goods.products.get(last.slug) not in goods.published


def _method(method: _ShippingMethod, currency: str) -> CreateShippingMethod:
    free_from = None if method.free_from is None else Money(method.free_from, currency)
    limits = {name: getattr(method, name) for name in ("max_weight_grams", "min_days", "max_days")}
    return CreateShippingMethod(method.name, method.countries, Money(method.price, currency), CHANNEL, free_from, **limits)


def _wanted(product: _Product, currency: str, category_ids: dict[str, str], warehouse_ids: dict[str, str]) -> Wanted:
    command = CreateProduct(
        product.name,
        slug=product.slug,
        description=product.description,
        vendor=product.vendor,
        category_ids=[category_ids[slug] for slug in product.categories],
        tags=product.tags,
        attributes=_attributes(product.attributes),
        variants=[_variant(variant, currency) for variant in product.variants],
    )
    stock = [{warehouse_ids[code]: units for code, units in variant.stock.items()} for variant in product.variants]
    return Wanted(command, [0] * len(product.variants), stock)


def _variant(variant: _Variant, currency: str) -> VariantIn:
    return VariantIn(
        variant.sku,
        [PriceIn(CHANNEL, variant.price, currency, variant.compare_at)],
        option_values=_attributes(variant.options),
        backorderable=variant.backorderable,
        weight_grams=variant.grams,
        barcode=variant.barcode,
    )


def _attributes(values: dict[str, str]) -> list[Attribute]:
    return [Attribute(key, value) for key, value in values.items()]
