"""What staff may do to the assortment, drawn at random: channels, categories, products, variants, prices, warehouses."""

from typing import Any

from shop.events import Attribute, Media
from shop.money import money
from writes import catalog, categories, channels, collections, prices, stock, variants, warehouses

_NAMES = ["Tea", "Éclair", "STRASSE", "Straße", "rum no. 2", "Übergröße XL", "tea_pot", "Ångström 茶"]
_CURRENCIES = ["GBP", "JPY", "KWD", "EUR"]
_PICTURE = Media("https://example.org/a.png", alt="a", width=3)


class Goods:
    """Draws commands for a shop; None where there is nothing to draw from."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self._random = shop.random

    def draws(self) -> list[tuple[Any, int]]:
        """Each way to draw, and how often."""
        return [
            (self.create_channel, 1), (self.create_category, 2), (self.update_category, 3),
            (self.create_product, 3), (self.update_product, 4),
            (self.publish, 4), (self.unpublish, 1), (self.create_variant, 3),
            (self.update_variant, 3), (self.discontinue, 1), (self.set_prices, 3),
            (self.set_many_prices, 2), (self.archive, 1), (self.create_warehouse, 1),
            (self.update_warehouse, 2), (self.create_collection, 1), (self.update_collection, 2),
        ]  # fmt: skip

    def opening(self) -> list[Any]:
        return [
            channels.CreateChannel("uk", "Britain", "GBP"),
            channels.CreateChannel("jp", "日本", "JPY"),
            stock.CreateWarehouse("main", "Main"),
            stock.CreateWarehouse("away", "Away", priority=5),
            stock.CreateWarehouse("shut", "Shut", active=False),
        ]

    def create_channel(self) -> Any:
        return channels.CreateChannel(f"c{self._random.randint(1, 4)}", "Another", self._random.choice(_CURRENCIES))

    def create_category(self) -> Any:
        parent = self._shop.one("SELECT id FROM categories")
        image = _PICTURE if self._shop.chance(0.3) else None
        parent_id = parent.id if parent and self._shop.chance(0.5) else None
        return catalog.CreateCategory(self._name(), self._slug(), parent_id, image=image, position=self._random.randint(0, 9))

    def update_category(self) -> Any:
        row, parent = self._shop.one("SELECT id FROM categories"), self._shop.one("SELECT id FROM categories")
        changes = {
            "name": self._name(),
            "slug": f"item-{self._random.randint(1, 12)}",
            "parent_id": parent.id if parent and self._shop.chance(0.7) else None,
            "description": self._random.choice([None, "filed"]),
            "image": self._random.choice([None, _PICTURE]),
            "position": self._random.randint(0, 9),
        }
        some = self._random.sample(sorted(changes), self._random.randint(1, 3))
        return row and categories.UpdateCategory(row.id, **{name: changes[name] for name in some})

    def create_product(self) -> Any:
        variants = [self._variant() for _ in range(self._random.randint(0, 3))]
        return catalog.CreateProduct(**self._described(), slug=self._slug(), variants=variants)

    def update_product(self) -> Any:
        product = self._shop.one("SELECT id FROM products")
        if product is None:
            return None
        described = {**self._described(), "slug": f"item-{self._random.randint(1, 12)}"}
        some = self._random.sample(sorted(described), self._random.randint(1, 3))
        return catalog.UpdateProduct(product.id, **{name: described[name] for name in some})

    def publish(self) -> Any:
        row = self._shop.one("""SELECT v.product_id, p.channel FROM variants v JOIN variant_prices p ON p.variant_id = v.id""")
        return row and catalog.PublishProduct(row.product_id, [row.channel])

    def unpublish(self) -> Any:
        row = self._shop.one("SELECT product_id, channel FROM publications")
        return row and catalog.UnpublishProduct(row.product_id, [row.channel])

    def archive(self) -> Any:
        """Seldom, as `discontinue`."""
        row = self._shop.one("SELECT id FROM products") if self._shop.chance(0.3) else None
        return row and catalog.ArchiveProduct(row.id)

    def create_variant(self) -> Any:
        product = self._shop.one("SELECT id FROM products")
        return product and variants.CreateVariant(product.id, self._variant())

    def update_variant(self) -> Any:
        variant, new = self._shop.one("SELECT id FROM variants"), self._variant()
        changes = {name: getattr(new, name) for name in ("option_values", "backorderable", "weight_grams", "barcode", "image")}
        some = self._random.sample(sorted(changes), self._random.randint(0, 3))
        return variant and variants.UpdateVariant(variant.id, name=self._name(), **{name: changes[name] for name in some})

    def discontinue(self) -> Any:
        """Seldom: what is not sold gives nothing to do."""
        variant = self._shop.one("SELECT id FROM variants") if self._shop.chance(0.4) else None
        return variant and variants.DiscontinueVariant(variant.id)

    def set_prices(self) -> Any:
        variant = self._shop.one("SELECT id FROM variants")
        return variant and variants.SetVariantPrices(variant.id, self._prices())

    def set_many_prices(self) -> Any:
        found = self._shop.rows("SELECT id, sku FROM variants ORDER BY id")
        some = self._random.sample(found, min(len(found), self._random.randint(1, 3)))
        named = [{"variant_id": row.id} if self._shop.chance(0.5) else {"sku": row.sku.swapcase()} for row in some]
        return prices.SetVariantsPrices([prices.VariantPrices(self._prices(), **one) for one in named])

    def create_warehouse(self) -> Any:
        code = f"w{self._random.randint(1, 5)}"
        return stock.CreateWarehouse(code, "One more", active=self._shop.chance(0.7), priority=self._random.randint(0, 9))

    def update_warehouse(self) -> Any:
        """Mostly one that nothing is promised from, so that it may be switched."""
        idle = "WHERE id NOT IN (SELECT warehouse_id FROM stock_levels WHERE allocated + reserved > 0)"
        row = self._shop.one(f"SELECT id, active FROM warehouses {idle if self._shop.chance(0.8) else ''}")
        changes = {"code": f"w{self._random.randint(1, 5)}", "name": self._name(), "priority": self._random.randint(0, 9)}
        some = self._random.sample(sorted(changes), self._random.randint(0, 2))
        told = {name: changes[name] for name in some} | ({"active": not row.active} if row and self._shop.chance(0.7) else {})
        return row and warehouses.UpdateWarehouse(row.id, **told)

    def create_collection(self) -> Any:
        either = {"rule": self._rule()} if self._shop.chance(0.4) else {"product_ids": self._listed()}
        return collections.CreateCollection(self._name(), self._slug(), **either)

    def update_collection(self) -> Any:
        collection = self._shop.one("SELECT id FROM collections")
        image = self._random.choice([None, _PICTURE])
        said = {
            "name": self._name(),
            "slug": f"item-{self._random.randint(1, 12)}",
            "image": image,
            "product_ids": self._listed(),
            "rule": self._rule(),
        }
        some = self._random.sample(sorted(said), self._random.randint(1, 3))
        return collection and collections.UpdateCollection(collection.id, **{name: said[name] for name in some})

    def _rule(self) -> dict[str, Any] | None:
        category = self._shop.one("SELECT id FROM categories")
        rules = [None, {}, {"inStock": True}, {"tag": {"in": ["a", "b"]}, "price": {"lte": "2.50"}}]
        return self._random.choice([*rules, {"category": category.id}] if category else rules)

    def _listed(self) -> list[str]:
        products = [row.id for row in self._shop.rows("SELECT id FROM products ORDER BY id")]
        return self._random.sample(products, self._random.randint(0, min(4, len(products))))

    def _described(self) -> dict[str, Any]:
        categories = [row.id for row in self._shop.rows("SELECT id FROM categories ORDER BY id")]
        twice = self._random.choices(categories, k=self._random.randint(0, 3)) if categories else []
        return {
            "name": self._name(),
            "description": self._random.choice([None, "", "good\nold \x00 things"]),
            "vendor": self._random.choice([None, "East Co."]),
            "category_ids": twice,
            "tags": self._random.choice([[], ["b", "a"], ["a", "a"]]),
            "attributes": self._random.choice([[], [Attribute("origin", "far"), Attribute("origin", "near")]]),
            "media": [_PICTURE] * self._random.randint(0, 1),
            "metadata": self._random.choice([None, {"a": [1, 2.5, {"ü": None}]}, [], "text", 0, False]),
        }

    def _variant(self) -> variants.VariantIn:
        return variants.VariantIn(
            f"Sku-{self._random.randint(1, 40)}",
            self._prices() if self._shop.chance(0.8) else [],
            name=self._random.choice([None, self._name()]),
            option_values=[Attribute("size", str(self._random.randint(1, 9)))] if self._shop.chance(0.6) else [],
            backorderable=self._shop.chance(0.3),
            weight_grams=self._random.choice([None, 0, 250]),
            barcode=self._random.choice([None, None, "5000112", "4006381"]),
            image=self._random.choice([None, _PICTURE]),
        )

    def _prices(self) -> list[variants.PriceIn]:
        channels = self._shop.rows("SELECT code, currency FROM channels")
        some = self._random.sample(channels, self._random.randint(1, min(2, len(channels))))
        return [variants.PriceIn(row.code, self._amount(row), row.currency, self._compare_at(row)) for row in some]

    def _amount(self, row: Any) -> str:
        return str(money(self._random.choice([0, 1, 250, 250, 1999, 99_999_999]), row.currency).amount)

    def _compare_at(self, row: Any) -> str | None:
        return self._amount(row) if self._shop.chance(0.3) else None

    def _name(self) -> str:
        return str(self._random.choice(_NAMES))

    def _slug(self) -> str | None:
        return f"item-{self._random.randint(1, 12)}" if self._shop.chance(0.6) else None
