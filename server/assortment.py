"""Brings the goods of one channel to what is wanted, step by missing step: a second run finds every step done.

Used by the imports and the demo. It sends commands like any caller; what is missing it asks of the write side.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from server.csv_file import BadRow
from writes import known
from writes.bus import Answer, Bus
from writes.catalog import CreateCategory, CreateProduct, PublishProduct, slug_of
from writes.channels import CreateChannel
from writes.promotions import CreatePromotion
from writes.shipping import CreateShippingMethod
from writes.stock import AdjustStock, CreateWarehouse, StockChange
from writes.taxes import SetTaxRate
from writes.variants import CreateVariant, SetVariantPrices, VariantIn

_MOST_PRODUCTS = 64
_MOST_VARIANTS = 2000


class CannotImport(ValueError):  # noqa: N818 - a fact about the shop, named as it is told
    """The shop is not made for this import. Nothing of it was written."""


class Wanted(msgspec.Struct, frozen=True):
    """A product as it should be on sale: known by its slug, or by its first SKU where no slug is given.

    `lines` says where each variant stands in its file, `stock` with how many units it begins in which warehouse.
    """

    product: CreateProduct
    lines: Sequence[int]
    stock: Sequence[Mapping[str, int]]
    publish: bool = True


class Offered(msgspec.Struct):
    """What came of a product: whether it is new, and what of it was refused."""

    created: bool = False
    refused: list[BadRow] = []


class Assortment:
    """One channel's goods. Every command is sent under the name of `actor`."""

    def __init__(self, bus: Bus, channel: str, actor: str) -> None:
        self._bus = bus
        self.channel = channel
        self._actor = actor

    async def send(self, command: msgspec.Struct) -> Answer:
        return await self._bus.send(command, actor=self._actor)

    async def open(self, name: str, currency: str) -> None:
        """Make the channel unless it is there. Raises CannotImport if it sells in another currency."""
        has = await self._bus.read(partial(known.channel_currency, code=self.channel))
        if has is None:
            _granted(await self.send(CreateChannel(self.channel, name, currency)))
        elif has != currency:
            raise CannotImport(f"The channel {self.channel} sells in {has}, not in {currency}.")

    async def warehouse(self, wanted: CreateWarehouse) -> str:
        """Return the id of the warehouse with that code; it is made where missing."""
        has: dict[str, str] = await self._bus.read(known.warehouses)
        if wanted.code in has:
            return has[wanted.code]
        return str(_granted(await self.send(wanted)).ids["warehouse_id"])

    async def shipping_method(self, wanted: CreateShippingMethod) -> None:
        """Make the shipping method unless the channel has one of that name."""
        if wanted.name not in await self._bus.read(partial(known.shipping_methods, channel=self.channel)):
            _granted(await self.send(wanted))

    async def tax_rate(self, wanted: SetTaxRate) -> None:
        """Set a tax rate; the one that is set already changes nothing."""
        _granted(await self.send(wanted))

    async def promotion(self, wanted: CreatePromotion) -> None:
        """Make the promotion unless there is one of that code."""
        if wanted.code.casefold() not in await self._bus.read(known.promotion_codes):
            _granted(await self.send(wanted))

    async def category(self, wanted: CreateCategory) -> str:
        """Return the id of the category with that slug, or with that name where no slug is given; made where missing."""
        has: list[known.Category] = await self._bus.read(known.categories)
        for one in has:
            if one.slug == wanted.slug or (wanted.slug is None and one.name.casefold() == wanted.name.casefold()):
                return one.id
        slug = wanted.slug or _free(slug_of(wanted.name), {one.slug for one in has})
        made = _granted(await self.send(msgspec.structs.replace(wanted, slug=slug)))
        return str(made.ids["category_id"])

    async def invoices(self) -> set[str]:
        """Return the numbers of the orders and credit invoices that the channel has on record."""
        numbers: set[str] = await self._bus.read(partial(known.invoices, channel=self.channel))
        return numbers

    async def offer(self, wanted: Sequence[Wanted]) -> list[Offered]:
        """Bring some products on sale, side by side. Ask for as many at once as `windows` gives."""
        skus = [variant.sku for one in wanted for variant in one.product.variants]
        slugs = [one.product.slug for one in wanted if one.product.slug is not None]
        has: known.Goods = await self._bus.read(partial(known.goods, channel=self.channel, skus=skus, slugs=slugs))
        return await asyncio.gather(*(self._offer(one, has) for one in wanted))

    async def _offer(self, wanted: Wanted, has: known.Goods) -> Offered:
        outcome = Offered()
        product_id = _product_of(wanted, has)
        if product_id is None:
            product_id, variant_ids = await self._create(wanted, has, outcome)
        else:
            variant_ids = await self._complete(product_id, wanted, has, outcome)
        await self._stock(wanted, variant_ids, has, outcome)
        published = product_id in has.published or (outcome.created and not any(wanted.stock))
        if product_id is not None and wanted.publish and not published:
            self._note(await self.send(PublishProduct(product_id, [self.channel])), wanted.lines[0], outcome)
        return outcome

    async def _create(self, wanted: Wanted, has: known.Goods, outcome: Offered) -> tuple[str | None, dict[int, str]]:
        """Make the product with all its variants whose SKUs are free; return the variants' ids by their places.

        It is put on sale in the same step, unless it waits for its first stock.
        """
        places = [n for n, variant in enumerate(wanted.product.variants) if variant.sku.casefold() not in has.variants]
        for n in set(range(len(wanted.lines))) - set(places):
            outcome.refused.append(_taken(wanted, n))
        if not places:
            return None, {}
        variants = [wanted.product.variants[n] for n in places]
        on_sale = [self.channel] if wanted.publish and not any(wanted.stock) else []
        answer = await self.send(msgspec.structs.replace(wanted.product, variants=variants, channels=on_sale))
        if not self._note(answer, wanted.lines[0], outcome):
            return None, {}
        outcome.created = True
        return answer.ids["product_id"], dict(zip(places, answer.ids["variant_ids"], strict=True))

    async def _complete(self, product_id: str, wanted: Wanted, has: known.Goods, outcome: Offered) -> dict[int, str]:
        """Give a known product the variants and prices that it lacks; return its variants' ids by their places."""
        variant_ids: dict[int, str] = {}
        for n, variant in enumerate(wanted.product.variants):
            there = has.variants.get(variant.sku.casefold())
            if there is not None and there.product_id != product_id:
                outcome.refused.append(_taken(wanted, n))
            elif there is not None:
                variant_ids[n] = there.id
                if not there.priced:
                    self._note(await self.send(SetVariantPrices(there.id, variant.prices)), wanted.lines[n], outcome)
            else:
                answer = await self.send(CreateVariant(product_id, variant))
                if self._note(answer, wanted.lines[n], outcome):
                    variant_ids[n] = answer.ids["variant_id"]
        return variant_ids

    async def _stock(self, wanted: Wanted, variant_ids: dict[int, str], has: known.Goods, outcome: Offered) -> None:
        """Put the first stock on the shelves; a shelf that ever had some of the variant is left as it is."""
        shelves: dict[str, list[StockChange]] = {}
        for n, variant_id in variant_ids.items():
            for warehouse_id, units in wanted.stock[n].items():
                if units and (variant_id, warehouse_id) not in has.stocked:
                    change = StockChange(variant_id=variant_id, delta=units, change_from=0)
                    shelves.setdefault(warehouse_id, []).append(change)
        for warehouse_id, changes in shelves.items():
            self._note(await self.send(AdjustStock(warehouse_id, "RECEIVED", changes)), wanted.lines[0], outcome)

    def _note(self, answer: Answer, line: int, outcome: Offered) -> bool:
        """Tell whether a command was carried out; a refusal is listed by its line."""
        if answer.refused is not None:
            outcome.refused.append(BadRow(line, answer.refused.message))
        return answer.refused is None


def windows(wanted: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    """Cut a list of products into parts small enough to be asked for at once."""
    begin, variants = 0, 0
    for end, one in enumerate(wanted):
        if end > begin and (end - begin == _MOST_PRODUCTS or variants + len(one.product.variants) > _MOST_VARIANTS):
            yield wanted[begin:end]
            begin, variants = end, 0
        variants += len(one.product.variants)
    if wanted[begin:]:
        yield wanted[begin:]


def _product_of(wanted: Wanted, has: known.Goods) -> str | None:
    if wanted.product.slug is not None:
        return has.products.get(wanted.product.slug)
    first = has.variants.get(wanted.product.variants[0].sku.casefold())
    return None if first is None else first.product_id


def _taken(wanted: Wanted, place: int) -> BadRow:
    variant: VariantIn = wanted.product.variants[place]
    return BadRow(wanted.lines[place], f"The SKU {variant.sku} belongs to another product.")


def _granted(answer: Answer) -> Answer:
    if answer.refused is not None:
        raise CannotImport(answer.refused.message)
    return answer


def _free(wanted: str, taken: Collection[str]) -> str:
    number, slug = 2, wanted
    while slug in taken:
        slug, number = f"{wanted}-{number}", number + 1
    return slug
