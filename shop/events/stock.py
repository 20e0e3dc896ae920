"""What happens to stock. Each event carries the levels as they are after it, so that folds replace and never add."""

import msgspec

from shop.events.base import Event


class WarehouseCreated(Event, frozen=True, kw_only=True, omit_defaults=True):
    warehouse_id: str
    code: str
    name: str
    active: bool = True
    priority: int = 0

    @property
    def stream(self) -> str:
        return self.warehouse_id


class WarehouseChanged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The warehouse as it is after the change. Where `active` changed, `product_ids` have stock in it.

    A switch that concerns many products is told by several events, each with some of them.
    """

    warehouse_id: str
    code: str
    name: str
    active: bool = True
    priority: int = 0
    product_ids: list[str] = []

    @property
    def stream(self) -> str:
        return self.warehouse_id

    def roots(self) -> set[str]:
        return {self.warehouse_id, *self.product_ids}


class Move(msgspec.Struct, frozen=True, omit_defaults=True):
    """`quantity` units of one variant in one warehouse; then the level after the move."""

    variant_id: str
    product_id: str
    warehouse_id: str
    quantity: int
    on_hand: int
    allocated: int
    reserved: int
    line_id: str | None = None


class _Moves(Event, frozen=True, kw_only=True, omit_defaults=True):
    moves: list[Move]

    def products(self) -> set[str]:
        return {move.product_id for move in self.moves}

    def sells(self, warehouse_id: str) -> bool:  # noqa: ARG002 - stock is promised in warehouses that sell, and in no others
        """Whether the warehouse of a move sells: stock of one that does not is no one's to buy."""
        return True


class _ByAdjustment(_Moves, frozen=True, kw_only=True, omit_defaults=True):
    adjustment_id: str
    warehouse_id: str
    reason: str
    active: bool = True

    @property
    def stream(self) -> str:
        return self.adjustment_id

    def roots(self) -> set[str]:
        return self.products()

    def sells(self, warehouse_id: str) -> bool:  # noqa: ARG002 - there is one
        return self.active


class StockAdjusted(_ByAdjustment, frozen=True, kw_only=True, omit_defaults=True):
    pass


class StockShortfallFound(_ByAdjustment, frozen=True, kw_only=True, omit_defaults=True):
    """A count found less on the shelf than is promised: `quantity` of each move is what is missing."""


class StockTransferred(_Moves, frozen=True, kw_only=True, omit_defaults=True):
    """Goods went from one warehouse to another: for each variant a move with a negative quantity, and one with its opposite."""

    transfer_id: str
    from_warehouse_id: str
    to_warehouse_id: str
    from_active: bool = True
    to_active: bool = True

    @property
    def stream(self) -> str:
        return self.transfer_id

    def roots(self) -> set[str]:
        return self.products()

    def sells(self, warehouse_id: str) -> bool:
        return self.from_active if warehouse_id == self.from_warehouse_id else self.to_active


class _ByCheckout(_Moves, frozen=True, kw_only=True, omit_defaults=True):
    checkout_id: str

    @property
    def stream(self) -> str:
        return self.checkout_id

    def roots(self) -> set[str]:
        return self.products()


class StockReserved(_ByCheckout, frozen=True, kw_only=True, omit_defaults=True):
    pass


class StockReleased(_ByCheckout, frozen=True, kw_only=True, omit_defaults=True):
    pass


class ByOrder(_Moves, frozen=True, kw_only=True, omit_defaults=True):
    """Moves name the order line they belong to: the order's document shows where its stock is held."""

    order_id: str

    @property
    def stream(self) -> str:
        return self.order_id

    def roots(self) -> set[str]:
        return self.products() | {self.order_id}


class StockAllocated(ByOrder, frozen=True, kw_only=True, omit_defaults=True):
    pass


class StockDeallocated(ByOrder, frozen=True, kw_only=True, omit_defaults=True):
    """Allocated stock set free. `restocked` is false where the goods did not come back to the shelf."""

    restocked: bool = True


class StockShipped(ByOrder, frozen=True, kw_only=True, omit_defaults=True):
    pass


class StockReturned(ByOrder, frozen=True, kw_only=True, omit_defaults=True):
    """Goods that came back stand on a shelf again. `active` tells whether their warehouse sells."""

    active: bool = True

    def sells(self, warehouse_id: str) -> bool:  # noqa: ARG002 - there is one
        return self.active
