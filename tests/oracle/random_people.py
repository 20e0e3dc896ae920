"""What customers do, drawn at random: they register, keep addresses, come with a guest's cart, and review what they bought."""

from typing import Any

from shop.events import Address
from writes import addresses, customers, merging, reviews

_NAMES = [None, "Ann-Marie O'Hara", "İpek Straße_9"]
_HOMES = [
    Address(name="Zoë", line1="1 Quay", city="Hull", country="GB", postal_code="HU1", phone="1"),
    Address(name="İpek", line1="Straße 9", line2="links", city="Köln", country="DE", company="East Co."),
]


class People:
    """Draws commands for a shop; None where there is nobody to draw from."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self._random = shop.random

    def draws(self) -> list[tuple[Any, int]]:
        """Each way to draw, and how often."""
        return [
            (self.register, 2), (self.update, 2), (self.save_address, 3), (self.remove_address, 1),
            (self.merge_carts, 3), (self.submit_review, 4), (self.moderate_review, 4),
        ]  # fmt: skip

    def buyer(self) -> str | None:
        """The customer of a new cart, or nobody."""
        customer = self._customer() if self._shop.chance(0.5) else None
        return None if customer is None else str(customer.id)

    def register(self) -> Any:
        reference = self._random.choice([None, f"REF-{self._random.randint(1, 30)}"])
        return customers.RegisterCustomer(reference, self._random.choice(_NAMES), self._random.choice([None, self._email()]))

    def update(self) -> Any:
        customer = self._customer()
        said = {"name": self._random.choice(_NAMES), "email": self._email()}
        some = self._random.sample(sorted(said), self._random.randint(1, 2))
        return customer and customers.UpdateCustomer(customer.id, **{name: said[name] for name in some})

    def save_address(self) -> Any:
        customer, default = self._customer(), {name: self._shop.chance(0.5) for name in ("default_shipping", "default_billing")}
        if customer is None:
            return None
        kept = self._shop.one(f"SELECT id FROM addresses WHERE customer_id = '{customer.id}'")
        known = kept.id if kept is not None and self._shop.chance(0.5) else None
        return addresses.SaveAddress(customer.id, self._random.choice(_HOMES), known, **default)

    def remove_address(self) -> Any:
        kept = self._shop.one("SELECT id, customer_id FROM addresses")
        return kept and addresses.RemoveAddress(kept.customer_id, kept.id)

    def merge_carts(self) -> Any:
        """Mostly one that is open; then and now one that was merged before."""
        state = self._random.choice(["OPEN", "OPEN", "OPEN", "MERGED"])
        guest = self._shop.one(f"SELECT id FROM carts WHERE customer_id IS NULL AND status = '{state}'")
        customer = self._customer()
        return guest and customer and merging.MergeCarts(guest.id, customer.id)

    def submit_review(self) -> Any:
        """Mostly by who bought it; each of several ratings, and one that there is not."""
        bought = """SELECT l.product_id, o.customer_id FROM order_lines l JOIN orders o ON o.id = l.order_id
                    WHERE o.customer_id IS NOT NULL"""
        row = self._shop.one(bought)
        said = {"title": self._random.choice([None, " ", "Good"]), "body": self._random.choice([None, "İt is 茶"])}
        return row and reviews.SubmitReview(row.customer_id, row.product_id, self._random.randint(1, 6), **said)

    def moderate_review(self) -> Any:
        row = self._shop.one("SELECT id FROM reviews")
        status = self._random.choice(["PUBLISHED", "PUBLISHED", "REJECTED", "PENDING"])
        return row and reviews.ModerateReview(row.id, status)

    def _customer(self) -> Any:
        return self._shop.one("SELECT id FROM customers")

    def _email(self) -> str:
        return str(self._random.choice(["zoe@example.org", "ZOE@example.org", "straße@example.org", "ann+1@example.org"]))
