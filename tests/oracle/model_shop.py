"""The shop as a few sums in memory: what one would write on paper to follow stock and money. Knows no table and no event.

Each method says whether the shop has to carry the thing out, and does it here if so.
"""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Level:
    on_hand: int = 0
    allocated: int = 0
    reserved: int = 0

    @property
    def free(self):
        return self.on_hand - self.allocated - self.reserved


@dataclass
class Payment:
    """`promised` is what the buyer agreed to; `taken` and `back` are what moved."""

    total: int
    by_hand: bool
    state: str
    promised: int = 0
    taken: int = 0
    back: int = 0


@dataclass
class Line:
    """Units of a sale that go together, by the warehouse that holds them."""

    held: dict
    state: str = "ALLOCATED"

    @property
    def quantity(self):
        return sum(self.held.values())


@dataclass
class Sale:
    variant: str
    held: dict
    price: int
    state: str = "OPEN"
    lines: list = field(default_factory=list)
    payments: list = field(default_factory=list)
    parcels: dict = field(default_factory=dict)  # a parcel's name -> its line

    @property
    def paid(self):
        """Whether goods may leave: all of the money came and is not all gone back, or all of it is promised."""
        taken, back = sum(one.taken for one in self.payments), sum(one.back for one in self.payments)
        if taken:
            return back < taken and taken >= self.price
        return any(one.state == "AUTHORIZED" for one in self.payments)


class Model:
    def __init__(self, warehouses):
        """`warehouses` in the order in which they are asked."""
        self.warehouses = warehouses
        self.levels = defaultdict(Level)
        self.sales = []

    def moves(self, variant, warehouse, quantity):
        """Goods come, or are broken: never what is promised."""
        level = self.levels[variant, warehouse]
        if level.free + quantity < 0:
            return False
        level.on_hand += quantity
        return True

    def transfers(self, variant, here, there, quantity):
        if here == there or self.levels[variant, here].free < quantity:
            return False
        self.levels[variant, here].on_hand -= quantity
        self.levels[variant, there].on_hand += quantity
        return True

    def starts(self, variant, quantity, price):
        if sum(max(0, self.levels[variant, one].free) for one in self.warehouses) < quantity:
            return False
        held, left = {}, quantity
        for one in self.warehouses:
            part = min(left, max(0, self.levels[variant, one].free))
            if part:
                self.levels[variant, one].reserved += part
                held[one] = part
                left -= part
        self.sales.append(Sale(variant, held, quantity * price))
        return True

    def completes(self, sale, way, *, capture):
        """`way` is `approve`, `decline` or `hand`. Carried out means that the sale is placed."""
        if sale.state not in {"OPEN", "DECLINED"}:
            return False
        if sale.state == "OPEN":
            sale.lines = [Line(dict(sale.held))]
            for warehouse, quantity in sale.held.items():
                self.levels[sale.variant, warehouse].reserved -= quantity
                self.levels[sale.variant, warehouse].allocated += quantity
        payment = Payment(sale.price, way == "hand", {"approve": "AUTHORIZED", "decline": "FAILED", "hand": "CREATED"}[way])
        sale.payments.append(payment)
        sale.state = "DECLINED" if way == "decline" else "PLACED"
        if way == "approve":
            payment.promised = sale.price
            if capture:
                payment.taken, payment.state = sale.price, "CAPTURED"
        return way != "decline"

    def gives_up(self, sale):
        """The buyer leaves the checkout; an order that was not paid goes with it."""
        if sale.state not in {"OPEN", "DECLINED"}:
            return False
        if sale.state == "OPEN":
            for warehouse, quantity in sale.held.items():
                self.levels[sale.variant, warehouse].reserved -= quantity
        else:
            self._take_apart(sale, restock=True)
        sale.state = "CANCELED"
        return True

    def cancels(self, sale, *, restock, refund):
        if sale.state not in {"DECLINED", "PLACED"} or any(line.state in {"SHIPPED", "DELIVERED"} for line in sale.lines):
            return False
        self._take_apart(sale, restock=restock)
        sale.state = "CANCELED"
        for payment in sale.payments if refund else []:
            if payment.taken:
                payment.back = payment.taken
            elif payment.state == "AUTHORIZED":
                payment.state = "VOIDED"
        return True

    def _take_apart(self, sale, *, restock):
        for line in sale.lines:
            for warehouse, quantity in line.held.items():
                self.levels[sale.variant, warehouse].allocated -= quantity
                self.levels[sale.variant, warehouse].on_hand -= 0 if restock else quantity
            line.state = "CANCELED"

    def captures(self, sale, payment, amount):
        promised = payment.total if payment.state == "CREATED" else payment.promised
        if sale.state == "CANCELED" or payment.state in {"VOIDED", "FAILED"} or not 0 < amount <= promised - payment.taken:
            return False
        payment.promised, payment.taken, payment.state = promised, payment.taken + amount, "CAPTURED"
        return True

    def voids(self, payment):
        if payment.state != "AUTHORIZED":
            return False
        payment.state = "VOIDED"
        return True

    def refunds(self, payment, amount):
        if not 0 < amount <= payment.taken - payment.back:
            return False
        payment.back += amount
        return True

    def packs(self, sale, line, warehouse, quantity):
        """The line that the parcel has, or None: part of a line becomes a line of its own."""
        if sale.state != "PLACED" or line.state != "ALLOCATED" or not 0 < quantity <= line.held.get(warehouse, 0):
            return None
        if quantity < line.quantity:
            line.held[warehouse] -= quantity
            line = Line({warehouse: quantity})
            sale.lines.append(line)
        line.state = "PACKED"
        return line

    def ships(self, sale, parcel):
        line = sale.parcels[parcel]
        if line.state != "PACKED" or not sale.paid:
            return False
        for warehouse, quantity in line.held.items():
            self.levels[sale.variant, warehouse].allocated -= quantity
            self.levels[sale.variant, warehouse].on_hand -= quantity
        line.state = "SHIPPED"
        return True

    def arrives(self, sale, parcel):
        line = sale.parcels[parcel]
        if line.state != "SHIPPED":
            return False
        line.state = "DELIVERED"
        if all(one.state == "DELIVERED" for one in sale.lines):
            sale.state = "COMPLETED"
        return True

    def unpacks(self, sale, parcel):
        """A parcel that was unpacked is gone; its line may be packed into another."""
        if sale.parcels[parcel].state != "PACKED":
            return False
        sale.parcels.pop(parcel).state = "ALLOCATED"
        return True
