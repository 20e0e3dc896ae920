"""What makes a total beside prices, drawn at random: shipping methods, tax rates, codes, and what buyers choose of them."""

import datetime as dt
from typing import Any

from shop.events import Address
from shop.money import Money, money
from writes import checkout_edits, codes, promotions, shipping, taxes

HOME = Address(name="Zoë", line1="1 Quay", city="Hull", country="GB", postal_code="HU1", phone="1")
_HUMBER = Address(name="Zoë", line1="1 Quay", city="Hull", country="GB", region="humber")
_ABROAD = Address(name="Zoë", line1="1 Quai", city="Brest", country="FR")


class Offers:
    """Draws commands for a shop; None where there is nothing to draw from."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self._random = shop.random

    def draws(self) -> list[tuple[Any, int]]:
        """Each way to draw, and how often."""
        return [
            (self.create_method, 1), (self.update_method, 1), (self.set_rate, 1),
            (self.update_checkout, 4), (self.select_shipping, 4),
            (self.create_promotion, 2), (self.update_promotion, 1), (self.deactivate_promotion, 1),
            (self.apply_code, 5), (self.remove_code, 1),
        ]  # fmt: skip

    def create_method(self) -> Any:
        """Seldom: a channel that ships asks more of its buyers."""
        row = self._shop.one("SELECT code, currency FROM channels") if self._shop.chance(0.15) else None
        days = self._random.choice([{}, {"min_days": 1, "max_days": 3}])
        return row and shipping.CreateShippingMethod(
            "Post", self._countries(), self._money(row), row.code, self._some_money(row), self._weight(), **days
        )

    def update_method(self) -> Any:
        row = self._shop.one("SELECT m.id, m.active, c.currency FROM shipping_methods m JOIN channels c ON c.code = m.channel")
        if row is None:
            return None
        said = {"name": "Parcel post", "countries": self._countries(), "price": self._money(row), "active": not row.active}
        said |= {"free_from": self._some_money(row), "max_weight_grams": self._weight()}
        some = self._random.sample(sorted(said), self._random.randint(1, 2))
        return shipping.UpdateShippingMethod(row.id, **{name: said[name] for name in some})

    def set_rate(self) -> Any:
        country, region = self._random.choice([("GB", None), ("GB", "Humber"), ("FR", None)])
        rate = self._random.choice(["0", "7", "8.25", "20", "19.6", "101"])
        return taxes.SetTaxRate(country, rate, region, inclusive=self._shop.chance(0.5))

    def update_checkout(self) -> Any:
        row = self._shop.one("SELECT id FROM checkouts WHERE status = 'OPEN'")
        said = {
            "email": self._random.choice([None, "zoe@example.org", "no address"]),
            "shipping_address": self._random.choice([None, HOME, HOME, _HUMBER, _HUMBER, _ABROAD]),
            "billing_address": self._random.choice([None, HOME]),
            "metadata": self._random.choice([None, {"gift": False}, 0]),
        }
        some = self._random.sample(sorted(said), self._random.randint(1, 3))
        return row and checkout_edits.UpdateCheckout(row.id, **{name: said[name] for name in some})

    def select_shipping(self) -> Any:
        row = self._shop.one("""SELECT k.id, m.id AS method FROM checkouts k JOIN shipping_methods m ON m.channel = k.channel
                                WHERE k.status = 'OPEN'""")
        return row and checkout_edits.SelectShipping(row.id, row.method)

    def create_promotion(self) -> Any:
        """Mostly one that applies now, in pounds where it has an amount."""
        kind = self._random.choice(promotions.KINDS)
        gift: dict[str, Any] = {"PERCENTAGE": {"percentage": "7.5"}, "FIXED_AMOUNT": {"amount": self._pounds()}}
        more = self._random.choice(
            [{}, {}, {"usage_limit": 1}, {"minimum_subtotal": self._pounds()}, {"once_per_customer": True}]
        )
        ends_at = self._random.choice([None, None, self._shop.now + dt.timedelta(hours=1)])
        return promotions.CreatePromotion(self._code(), "A gift", kind, **gift.get(kind, {}), **more, ends_at=ends_at)

    def update_promotion(self) -> Any:
        row = self._shop.one("SELECT id FROM promotions WHERE active")
        said = {"code": self._code(), "name": "Another gift", "usage_limit": self._random.choice([None, 3])}
        return row and promotions.UpdatePromotion(row.id, **{name: said[name] for name in self._random.sample(sorted(said), 2)})

    def deactivate_promotion(self) -> Any:
        """Seldom: what is over gives nothing to do."""
        row = self._shop.one("SELECT id FROM promotions WHERE active") if self._shop.chance(0.3) else None
        return row and promotions.DeactivatePromotion(row.id)

    def apply_code(self) -> Any:
        """Mostly on a cart that is on its way to an order."""
        row = self._shop.one("SELECT id FROM carts WHERE status = 'OPEN' AND id IN (SELECT cart_id FROM cart_lines)")
        code = self._shop.one("SELECT code FROM promotions WHERE active")
        return row and code and codes.ApplyCode(row.id, code.code.lower())

    def remove_code(self) -> Any:
        row = self._shop.one("""SELECT k.cart_id, p.code FROM cart_codes k JOIN promotions p ON p.id = k.promotion_id
                                JOIN carts c ON c.id = k.cart_id AND c.status = 'OPEN'""")
        return row and codes.RemoveCode(row.cart_id, row.code)

    def _code(self) -> str:
        return f"Code-{self._random.randint(1, 20)}"

    def _pounds(self) -> Money:
        return money(self._random.choice([50, 300]), "GBP")

    def _countries(self) -> list[str]:
        return list(self._random.choice([["GB"], ["GB", "FR"], ["FR"], ["GB", "GB"]]))

    def _money(self, row: Any) -> Money:
        return money(self._random.choice([0, 1, 499]), row.currency)

    def _some_money(self, row: Any) -> Money | None:
        return self._random.choice([None, money(self._random.choice([300, 2000]), row.currency)])

    def _weight(self) -> int | None:
        return self._random.choice([None, 500])
