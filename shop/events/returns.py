"""Goods that come back: asked for, allowed or not, received, and their money given back."""

from shop.events.orders import LineQuantity, OfOrder


class _OfReturn(OfOrder, frozen=True, kw_only=True, omit_defaults=True):
    return_id: str


class ReturnRequested(_OfReturn, frozen=True, kw_only=True, omit_defaults=True):
    lines: list[LineQuantity]
    reason: str | None = None


class ReturnApproved(_OfReturn, frozen=True, kw_only=True, omit_defaults=True):
    pass


class ReturnRejected(_OfReturn, frozen=True, kw_only=True, omit_defaults=True):
    reason: str | None = None


class ReturnReceived(_OfReturn, frozen=True, kw_only=True, omit_defaults=True):
    """The goods are here. `lines` are the lines that they are now: a part of a line that came back is a line of its own."""

    lines: list[LineQuantity]
    warehouse_id: str
    fulfillment_status: str
    restocked: bool = True


class ReturnRefunded(_OfReturn, frozen=True, kw_only=True, omit_defaults=True):
    """All that came back is paid back: `refunded` in smallest units, for its lines in all."""

    refunded: int
    currency: str


class ReturnCanceled(_OfReturn, frozen=True, kw_only=True, omit_defaults=True):
    pass
