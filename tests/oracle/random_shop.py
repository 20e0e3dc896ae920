"""A shop to which anything happens: draws commands of every kind by a seed and sends them through the real bus."""

import datetime as dt
import random
from collections import Counter
from typing import Any

import sqlalchemy as sa

from shop.events import LineQuantity
from shop.money import money
from tests.oracle import random_payments
from tests.oracle.random_goods import Goods
from tests.oracle.random_hooks import Hooks
from tests.oracle.random_offers import HOME, Offers
from tests.oracle.random_people import People
from tests.oracle.random_returns import Returns
from writes import (
    books,
    carts,
    charging,
    checkout,
    completing,
    erasure,
    fulfillment,
    order_lines,
    orders,
    parcels,
    payments,
    providers,
    stock,
    transfers,
)
from writes.bus import Bus

_REASONS = [*sorted(stock.REASONS), "COUNT", "WHIM"]
_BOOK_PRICES = ["2.55", "0.85", "1.005", "1.1249", "12"]
_IN_STOCK = "v.id IN (SELECT variant_id FROM stock_levels WHERE on_hand - allocated - reserved > 3)"
_FULL_CARTS = "SELECT DISTINCT c.id FROM carts c JOIN cart_lines l ON l.cart_id = c.id WHERE c.status = 'OPEN'"
_STALE_CARTS = f"""
    SELECT l.cart_id FROM cart_lines l JOIN carts c ON c.id = l.cart_id JOIN variants v ON v.id = l.variant_id
    LEFT JOIN publications p ON p.product_id = v.product_id AND p.channel = c.channel
    LEFT JOIN variant_prices r ON r.variant_id = v.id AND r.channel = c.channel
    WHERE v.discontinued OR p.channel IS NULL OR r.channel IS NULL OR NOT (v.backorderable OR {_IN_STOCK})
"""


class RandomShop:
    """What it draws from is what its own tables hold, so most commands are carried out and some are refused."""

    def __init__(self, database: Any, seed: int) -> None:
        """`database` is one of tests.databases."""
        self.random = random.Random(seed)
        self.database = database
        self.writer = database.new_writer()
        self.now = dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC)
        self.payments = random_payments.Payments(self)
        ways = {"manual": providers.Manual(ship_before_payment=True), **self.payments.ways()}
        self.bus = Bus(self.writer, providers=ways, committed=self._nudged, now=lambda: self.now)
        self.goods, self.offers = Goods(self), Offers(self)
        self.hooks = Hooks(self)
        self.people = People(self)
        self.returns = Returns(self)
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    async def close(self) -> None:
        await self.writer.close()
        self.database.close()

    async def opens(self) -> None:
        """Two channels, two warehouses and some goods, so that there is something to do."""
        for command in self.goods.opening():
            await self._send(command)
        for draw in [self.goods.create_product] * 3 + [self.goods.publish] * 6 + [self.adjust_stock] * 4 + [self.receive] * 2:
            await self._send(draw())

    async def does(self, count: int) -> None:
        """Send so many commands, while time goes by."""
        others = (*self.goods.draws(), *self.hooks.draws(), *self.offers.draws(), *self.people.draws(), *self.returns.draws())
        draws, weights = zip(*self._draws(), *others, strict=True)
        sent = 0
        while sent < count:
            command = self.random.choices(draws, weights)[0]()
            if command is not None:
                self.now += dt.timedelta(milliseconds=self.random.choice([0, 1, 900, 60_000, 240_000]))
                await self._send(command)
                sent += 1

    async def _send(self, command: Any) -> None:
        if command is None:
            return
        answer = await self.bus.send(command)
        (self.refused if answer.refused else self.accepted)[type(command).__name__] += 1

    async def _nudged(self, position: int) -> None:
        """Nobody listens here: workers are called by the tests."""

    def rows(self, sql: str) -> list[Any]:
        return self.database.read(lambda connection: connection.execute(sa.text(sql)).all())

    def value(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    def one(self, sql: str) -> Any:
        """A row of a query, or None where it has none."""
        found = self.rows(sql)
        return self.random.choice(found) if found else None

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def _draws(self) -> list[tuple[Any, int]]:
        return [
            *self.payments.draws(),
            (self.adjust_stock, 6), (self.find_shortfall, 1), (self.transfer_stock, 2),
            (self.create_cart, 5), (self.add_lines, 4), (self.update_lines, 4),
            (self.expire_cart, 1), (self.start_checkout, 16), (self.complete_checkout, 16), (self.cancel_checkout, 1),
            (self.expire_checkout, 2), (self.record_payment, 9), (self.cancel_order, 2), (self.set_line_status, 12),
            (self.past_order, 3), (self.credit, 3), (self.pack, 8), (self.move_parcel, 10),
            (self.update_order, 2), (self.note, 1), (self.charge, 9), (self.void, 2),
            (self.erase_customer, 1), (self.erase_order, 1), (self.finish_erasure, 1), (self.erase_checkout, 1),
        ]  # fmt: skip

    def adjust_stock(self) -> Any:
        warehouse = self.one("SELECT id FROM warehouses")
        variants = self.rows("SELECT id, sku, barcode FROM variants")
        changes = []
        for row in self.random.sample(variants, min(len(variants), self.random.randint(1, 3))):
            by = self.random.choice(["variant_id", "sku", "barcode"] if row.barcode else ["variant_id", "sku"])
            named = {"variant_id": row.id, "sku": row.sku.swapcase(), "barcode": row.barcode}
            how = "counted_to" if self.chance(0.3) else "delta"
            changes.append(stock.StockChange(**{by: named[by], how: self.random.choice([0, 1, 5, 40, 40, -1])}))
        return stock.AdjustStock(warehouse.id, self.random.choice(_REASONS), changes) if changes else None

    def receive(self) -> Any:
        """Enough of some variants to sell."""
        skus = [row.sku for row in self.rows("SELECT sku FROM variants")]
        changes = [stock.StockChange(sku=sku, delta=40) for sku in self.random.sample(skus, min(len(skus), 4))]
        warehouse = self.one("SELECT id FROM warehouses WHERE active")
        return stock.AdjustStock(warehouse.id, "RECEIVED", changes) if changes and warehouse else None

    def find_shortfall(self) -> Any:
        """A count finds one unit less than is promised."""
        row = self.one("""SELECT * FROM stock_levels WHERE allocated + reserved > 0 AND NOT backorderable""")
        if row is None:
            return None
        missing = stock.StockChange(variant_id=row.variant_id, counted_to=row.allocated + row.reserved - 1)
        return stock.AdjustStock(row.warehouse_id, "COUNT", [missing])

    def transfer_stock(self) -> Any:
        """From where there may be some on the shelf; free or not, and seldom to the same place."""
        rows = self.rows("SELECT variant_id, warehouse_id FROM stock_levels WHERE on_hand > 0")
        if not rows:
            return None
        some = self.random.choices(rows, k=self.random.randint(1, 3))
        here = [row.variant_id for row in some if row.warehouse_id == some[0].warehouse_id]
        lines = [transfers.TransferLine(variant_id, self.random.choice([1, 1, 2, 5, 0])) for variant_id in here]
        return transfers.TransferStock(some[0].warehouse_id, self.one("SELECT id FROM warehouses").id, lines)

    def _wanted(self, channel: str) -> list[carts.LineIn]:
        sold = self.rows(f"""
            SELECT v.id FROM variants v JOIN publications p ON p.product_id = v.product_id
            JOIN variant_prices r ON r.variant_id = v.id AND r.channel = p.channel WHERE p.channel = '{channel}'
            AND (v.backorderable OR {self.random.choice(["true", _IN_STOCK, _IN_STOCK])})""")
        return [carts.LineIn(row.id, self.random.randint(1, 4)) for row in self.random.choices(sold, k=2)] if sold else []

    def create_cart(self) -> Any:
        channel = self.one("SELECT code FROM channels").code
        return carts.CreateCart(channel, self._wanted(channel), self.people.buyer())

    def add_lines(self) -> Any:
        cart = self.one("SELECT id, channel FROM carts WHERE status = 'OPEN'")
        return cart and carts.AddCartLines(cart.id, self._wanted(cart.channel))

    def update_lines(self) -> Any:
        line = self.one("SELECT l.id, l.cart_id FROM cart_lines l JOIN carts c ON c.id = l.cart_id AND c.status = 'OPEN'")
        return line and carts.UpdateCartLines(line.cart_id, [carts.LineChange(line.id, self.random.choice([0, 1, 2, 9]))])

    def expire_cart(self) -> Any:
        cart = self.one("SELECT id FROM carts WHERE status = 'OPEN'")
        if cart is not None and self.chance(0.3):
            self.now += dt.timedelta(days=31)
        return cart and carts.ExpireCart(cart.id)

    def start_checkout(self) -> Any:
        """Mostly of a cart that has nothing in it that cannot be sold."""
        cart = self.one(f"SELECT id FROM ({_FULL_CARTS}) c WHERE id NOT IN ({_STALE_CARTS})") or self.one(_FULL_CARTS)
        told = {"email": "zoe@example.org", "shipping_address": HOME, "metadata": {"gift": [True, 1.5, None]}}
        return cart and checkout.StartCheckout(cart.id, **(told if self.chance(0.5) else {}))

    def complete_checkout(self) -> Any:
        row = self.one("""SELECT k.id, k.total, c.currency FROM checkouts k JOIN channels c ON c.code = k.channel
                          WHERE k.status = 'OPEN'""")
        if row is None:
            return None
        way = self.random.choice(["manual", "test", "test", "test", "test", "late", "silent"])
        token = None if way == "manual" else self.random.choice(random_payments.TOKENS)
        amount = money(row.total + (0 if self.chance(0.95) else 1), row.currency).amount
        return completing.CompleteCheckout(row.id, amount, row.currency, way, token, capture=self.chance(0.5))

    def cancel_checkout(self) -> Any:
        row = self.one("SELECT id FROM checkouts WHERE status = 'OPEN'")
        return row and checkout.CancelCheckout(row.id)

    def expire_checkout(self) -> Any:
        row = self.one("SELECT id FROM checkouts WHERE status = 'OPEN'")
        self.now += dt.timedelta(minutes=self.random.choice([0, 11]))
        return row and checkout.ExpireCheckout(row.id)

    def record_payment(self) -> Any:
        """Staff write down what they see on the account."""
        row = self.one("""SELECT p.order_id, p.id, e.id AS entry_id FROM ledger_entries e
                          JOIN payments p ON p.id = e.payment_id WHERE e.outcome = 'PENDING'""")
        result = providers.ProviderResult(succeeded=self.chance(0.8), reference=row and row.entry_id, message="by hand")
        return row and payments.RecordPaymentResult(row.order_id, row.id, row.entry_id, result)

    def cancel_order(self) -> Any:
        row = self.one("SELECT id FROM orders WHERE status IN ('PENDING_PAYMENT', 'PLACED')")
        return row and orders.CancelOrder(row.id, "a whim", restock=self.chance(0.6), refund=self.chance(0.8))

    def set_line_status(self) -> Any:
        ours = "AND o.checkout_id IS NOT NULL" if self.chance(0.8) else ""
        line = self.one(f"""SELECT l.* FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.status = 'PLACED'
                            AND l.status IN ('ALLOCATED', 'PICKING', 'SHIPPED', 'DELIVERED') {ours}""")
        if line is None:
            return None
        legal = [status for status in order_lines.MOVES[line.status] if status != "CANCELED" or self.chance(0.1)]
        if not legal:
            return None
        quantity = self.random.randint(1, line.quantity) if self.chance(0.4) else None
        return fulfillment.SetOrderLineStatus(line.order_id, line.id, self.random.choice(legal), quantity)

    def pack(self) -> Any:
        """A parcel of some lines that one warehouse holds, or one more than it holds of them."""
        where = self.one("""SELECT l.order_id, a.warehouse_id FROM allocations a JOIN order_lines l ON l.id = a.order_line_id
                            JOIN orders o ON o.id = l.order_id
                            WHERE o.status = 'PLACED' AND l.status IN ('ALLOCATED', 'PICKING')""")
        if where is None:
            return None
        held = self.rows(f"""SELECT l.id, a.quantity FROM allocations a JOIN order_lines l ON l.id = a.order_line_id
                             WHERE l.order_id = '{where.order_id}' AND a.warehouse_id = '{where.warehouse_id}'""")
        some = self.random.sample(held, self.random.randint(1, len(held)))
        lines = [LineQuantity(row.id, self.random.randint(1, row.quantity + self.chance(0.1))) for row in some]
        return parcels.CreateFulfillment(where.order_id, where.warehouse_id, lines)

    def move_parcel(self) -> Any:
        state = self.random.choice(["PENDING", "PENDING", "SHIPPED"])
        row = self.one(f"SELECT id FROM fulfillments WHERE state = '{state}'")
        if row is None:
            return None
        tracked = {"carrier": self.random.choice([None, "DHL"]), "tracking_url": self.random.choice([None, "https://t.org/1"])}
        if state == "SHIPPED":
            tracking = parcels.SetFulfillmentTracking(row.id, **tracked)
            return self.random.choice([tracking, parcels.DeliverFulfillment(row.id)])
        canceled = parcels.CancelFulfillment(row.id)
        return self.random.choice([parcels.ShipFulfillment(row.id, tracking_number="JD01", **tracked), canceled])

    def update_order(self) -> Any:
        row = self.one("SELECT id FROM orders")
        mended = {
            "email": self.random.choice([None, "ann@example.org", "no address"]),
            "shipping_address": self.random.choice([None, HOME]),
            "billing_address": self.random.choice([None, HOME]),
            "metadata": self.random.choice([None, {"gift": False}, 0]),
        }
        return row and orders.UpdateOrder(row.id, **{name: mended[name] for name in self.random.sample(sorted(mended), 2)})

    def note(self) -> Any:
        row = self.one("SELECT id FROM orders")
        return row and orders.AddOrderNote(row.id, "Ring twice", visible_to_customer=self.chance(0.5))

    def charge(self) -> Any:
        """Staff move the money of a payment, some of it or all."""
        asked = "" if self.chance(0.05) else "AND p.provider <> 'books'"  # nobody can be asked about what is in books
        row = self.one(f"""SELECT p.*, o.currency FROM payments p JOIN orders o ON o.id = p.order_id
                           WHERE p.state IN ('CREATED', 'AUTHORIZED', 'CAPTURED')
                           AND (p.captured = 0 OR p.captured > p.refunded) {asked}""")
        if row is None:
            return None
        amount = self.random.choice([None, money(self.random.randint(1, 300), row.currency)])
        if row.captured and self.chance(0.6):
            line = self.one(f"SELECT id FROM order_lines WHERE order_id = '{row.order_id}'")
            lines = self.random.choice([None, [LineQuantity(line.id, 1)]])
            return charging.RefundPayment(
                row.id, amount, self.random.choice([None, "broken"]), lines, shipping=self.chance(0.2)
            )
        return charging.CapturePayment(row.id, amount)

    def void(self) -> Any:
        row = self.one("SELECT id FROM payments WHERE state = 'AUTHORIZED'")
        return row and charging.VoidPayment(row.id)

    def erase_customer(self) -> Any:
        row = self.one("SELECT id FROM customers")
        return row and erasure.EraseCustomer(row.id)

    def erase_checkout(self) -> Any:
        row = self.one("SELECT id FROM checkouts")
        return row and erasure.EraseCheckout(row.id)

    def finish_erasure(self) -> Any:
        row = self.one("SELECT id FROM erasures WHERE done_at IS NULL")
        return row and erasure.FinishErasure(row.id)

    def erase_order(self) -> Any:
        row = self.one("SELECT id FROM orders WHERE customer_id IS NULL" if self.chance(0.9) else "SELECT id FROM orders")
        return row and erasure.EraseOrder(row.id)

    def past_order(self) -> Any:
        row, lines = self._invoice()
        number, placed_at = str(self.random.randint(1000, 9999)), f"2026-02-0{self.random.randint(1, 4)}T08:00:00Z"
        warehouse_id = self.one("SELECT id FROM warehouses").id
        command = books.RecordPastOrder(number, row.code, warehouse_id, placed_at, lines, self._reference())
        return command if lines else None

    def credit(self) -> Any:
        row, lines = self._invoice()
        number, at = f"C{self.random.randint(1000, 9999)}", f"2026-02-0{self.random.randint(4, 6)}T08:00:00Z"
        return books.RecordCredit(number, row.code, at, lines, self._reference()) if lines else None

    def _invoice(self) -> tuple[Any, list[books.BookLine]]:
        skus = self.rows("SELECT sku FROM variants")
        lines = [
            books.BookLine(row.sku.lower(), f"books: {row.sku}", self.random.randint(1, 6), self.random.choice(_BOOK_PRICES))
            for row in (self.random.choices(skus, k=self.random.randint(1, 3)) if skus else [])
        ]
        return self.one("SELECT code, currency FROM channels LIMIT 2"), lines

    def _reference(self) -> str | None:
        return self.random.choice([None, "REF-1", "REF-2", "REF-2", "REF-3"])
