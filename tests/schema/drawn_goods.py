"""An assortment of all sorts, and a plain opinion on it: which of its products fit, and how often each value stands."""

import random
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shop.events import Attribute
from tests.schema.front import Front
from writes import catalog, collections, variants

VENDORS, TAGS, COLORS = ["East", "West"], ["new", "gift", "old"], ["red", "blue", "green"]
_WORDS = ["Red", "Lunch", "Bag", "Heart", "Lantern", "Café", "Clock"]
_NODE = """id name vendor tags status published inStock unitsSold createdAt attributes { key value }
  categories { id ancestors { id } } collections { id }
  variants { price { amount } compareAtPrice { amount } optionValues { key value } }"""
EVERYTHING = f"""{{ sold: products(first: 100) {{ nodes {{ {_NODE} }} }}
  unsold: products(first: 100, where: {{published: false}}) {{ nodes {{ {_NODE} }} }} }}"""


class Assortment:
    """Twenty-five products, their categories and a collection; what a client sees of each, by id."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.categories: list[str] = []
        self.collections: list[str] = []
        self.seen: dict[str, dict[str, Any]] = {}

    async def fills(self, seed: int) -> None:
        chance = random.Random(seed)
        for parent in (None, 0, 1, None):
            above = None if parent is None else self.categories[parent]
            made = await self.front.does(catalog.CreateCategory(f"Category {len(self.categories)}", parent_id=above))
            self.categories.append(made["category_id"])
        product_ids = [await self._product(chance, number) for number in range(25)]
        made = await self.front.does(collections.CreateCollection("Some", product_ids=chance.sample(product_ids, 8)))
        self.collections.append(made["collection_id"])
        await self.looks()

    async def looks(self) -> None:
        """Read all that there is through the API."""
        found = await self.front.asks(EVERYTHING)
        self.seen = {one["id"]: one for part in ("sold", "unsold") for one in found[part]["nodes"]}

    async def _product(self, chance: random.Random, number: int) -> str:
        amount = chance.choice(["1.00", "2.50", "2.50", "10.00"])
        price = variants.PriceIn("default", amount, "GBP", chance.choice([None, None, "3.00", "12.00"]), "GBP")
        sizes = [Attribute("size", chance.choice(["S", "M"]))] if chance.random() < 0.3 else []
        variant = variants.VariantIn(f"SKU-{number}", [price], option_values=sizes, backorderable=chance.random() < 0.7)
        made = await self.front.does(
            catalog.CreateProduct(
                " ".join(chance.sample(_WORDS, chance.randint(1, 3))),
                vendor=chance.choice([None, *VENDORS]),
                tags=chance.sample(TAGS, chance.randint(0, 2)),
                attributes=[Attribute("color", one) for one in chance.sample(COLORS, chance.randint(0, 2))],
                category_ids=chance.sample(self.categories, chance.randint(0, 2)),
                variants=[variant],
                channels=["default"] if chance.random() < 0.8 else [],
            )
        )
        return str(made["product_id"])

    def fitting(self, where: Mapping[str, Any], but: str = "") -> list[dict[str, Any]]:
        """The products that fit all of a filter but one of its fields; `attributes.color` is one of them."""
        published = where.get("published", True)
        shown = [one for one in self.seen.values() if published is None or one["published"] is published]
        return [one for one in shown if all(_fits(one, *named) for named in _each(where) if named[0] != but)]

    def counts(self, where: Mapping[str, Any]) -> dict[str, dict[str, int]]:
        """By facet, how many products have each value, counted against the filter without the facet's own field."""
        found: dict[str, Counter[str]] = {}
        for facet in ("category", "collection", "vendor", "tag", "inStock", "attributes.color", "attributes.size"):
            counted = Counter(value for one in self.fitting(where, but=facet) for value in _values(one, facet))
            counted.update(dict.fromkeys(_chosen(where, facet), 0))
            found[facet.removeprefix("attributes.")] = counted
        return {facet: dict(counted) for facet, counted in found.items() if counted}

    def prices(self, where: Mapping[str, Any]) -> tuple[Decimal, Decimal] | None:
        found = sorted(price(one) for one in self.fitting(where, but="price"))
        return (found[0], found[-1]) if found else None


def price(one: Mapping[str, Any]) -> Decimal:
    return Decimal(one["variants"][0]["price"]["amount"])


def _each(where: Mapping[str, Any]) -> list[tuple[str, Any]]:
    named = [(name, said) for name, said in where.items() if name not in {"published", "attributes"}]
    keys = {one["key"] for one in where.get("attributes", [])}
    either = {key: [value for one in where["attributes"] if one["key"] == key for value in one["in"]] for key in keys}
    return named + [(f"attributes.{key}", {"in": values}) for key, values in either.items()]


def _fits(one: Mapping[str, Any], name: str, said: Any) -> bool:
    if name == "price":
        return Decimal(said.get("gte", "0")) <= price(one) <= Decimal(said.get("lte", "1000"))
    if name == "onSale":
        before = one["variants"][0]["compareAtPrice"]
        return said is (before is not None and Decimal(before["amount"]) > price(one))
    if name == "ids":
        return one["id"] in said
    if name == "status":
        return one["status"] in said
    wanted = _wanted(said)
    return wanted is None or bool(wanted & set(_values(one, name)))


def _wanted(said: Any) -> set[str] | None:
    if isinstance(said, bool):
        return {str(said).lower()}
    if isinstance(said, str):
        return {said}
    sets = [{said["eq"]} if "eq" in said else None, set(said["in"]) if "in" in said else None]
    given = [one for one in sets if one is not None]
    return set.intersection(*given) if given else None


def _values(one: Mapping[str, Any], facet: str) -> list[str]:
    if facet == "category":
        return list({above["id"] for filed in one["categories"] for above in (filed, *filed["ancestors"])})
    if facet == "collection":
        return [listed["id"] for listed in one["collections"]]
    if facet == "vendor":
        return [one["vendor"]] if one["vendor"] else []
    if facet == "tag":
        return list(one["tags"])
    if facet == "inStock":
        return [str(one["inStock"]).lower()]
    every = one["attributes"] + [option for variant in one["variants"] for option in variant["optionValues"]]
    return list({each["value"] for each in every if f"attributes.{each['key']}" == facet})


def _chosen(where: Mapping[str, Any], facet: str) -> set[str]:
    said = dict(_each(where)).get(facet)
    return set() if said is None else _wanted(said) or set()
