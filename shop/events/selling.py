"""What happens to carts and checkouts, before there is an order."""

from typing import Any

import msgspec

from shop.events.base import Address, Attribute, Event, Media
from shop.pricing import Applied, Quote, TaxShare


class _OfCart(Event, frozen=True, kw_only=True, omit_defaults=True):
    cart_id: str

    @property
    def stream(self) -> str:
        return self.cart_id


class CartCreated(_OfCart, frozen=True, kw_only=True, omit_defaults=True):
    channel: str
    currency: str
    expires_at: str
    customer_id: str | None = None


class CartLineAdded(_OfCart, frozen=True, kw_only=True, omit_defaults=True):
    line_id: str
    variant_id: str
    product_id: str
    quantity: int
    expires_at: str


class CartLineChanged(_OfCart, frozen=True, kw_only=True, omit_defaults=True):
    line_id: str
    quantity: int
    expires_at: str


class CartLineRemoved(_OfCart, frozen=True, kw_only=True, omit_defaults=True):
    line_id: str
    expires_at: str


class _OfCode(_OfCart, frozen=True, kw_only=True, omit_defaults=True):
    promotion_id: str
    code: str
    expires_at: str


class CodeApplied(_OfCode, frozen=True, kw_only=True, omit_defaults=True):
    pass


class CodeRemoved(_OfCode, frozen=True, kw_only=True, omit_defaults=True):
    pass


class CartClosed(_OfCart, frozen=True, kw_only=True, omit_defaults=True):
    """The cart became an order."""


class CartExpired(_OfCart, frozen=True, kw_only=True, omit_defaults=True):
    pass


class MergedLine(msgspec.Struct, frozen=True):
    """A line of the customer's cart as it is from now on."""

    line_id: str
    variant_id: str
    product_id: str
    quantity: int


class CartsMerged(_OfCart, frozen=True, kw_only=True, omit_defaults=True):
    """A guest's cart became part of a customer's, which is `cart_id`, and is closed. The other lines stay as they are."""

    guest_cart_id: str
    lines: list[MergedLine]
    expires_at: str

    def roots(self) -> set[str]:
        return {self.cart_id, self.guest_cart_id}


class Priced(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line as it was when its price was taken; amounts in smallest units."""

    line_id: str
    variant_id: str
    product_id: str
    sku: str
    name: str
    quantity: int
    unit_price: int
    total: int
    discount: int = 0
    tax: int = 0
    option_values: list[Attribute] = []
    image: Media | None = None


class _OfCheckout(Event, frozen=True, kw_only=True, omit_defaults=True):
    checkout_id: str
    cart_id: str

    @property
    def stream(self) -> str:
        return self.checkout_id

    def roots(self) -> set[str]:
        return {self.checkout_id, self.cart_id}


class CheckoutStarted(_OfCheckout, frozen=True, kw_only=True, omit_defaults=True):
    channel: str
    currency: str
    lines: list[Priced]
    subtotal: int
    total: int
    reserved_until: str
    customer_id: str | None = None
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    metadata: Any = None
    weight_grams: int = 0
    tax_lines: list[TaxShare] = []
    tax_included: bool = False
    codes: list[Applied] = []


class _Quoted(_OfCheckout, frozen=True, kw_only=True, omit_defaults=True):
    def roots(self) -> set[str]:
        """The cart is as it was."""
        return {self.checkout_id}


class CheckoutAddressed(_Quoted, frozen=True, kw_only=True, omit_defaults=True):
    """Who buys and where it goes, as it is from now on."""

    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    metadata: Any = None


class ShippingSelected(_Quoted, frozen=True, kw_only=True, omit_defaults=True):
    """The way to ship that is chosen, at its price for this checkout; none where the one before does not fit any more."""

    method: Quote | None = None


class LineCharges(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was taken off a line and added to it, or is part of it."""

    line_id: str
    discount: int = 0
    tax: int = 0


class CheckoutPriced(_Quoted, frozen=True, kw_only=True, omit_defaults=True):
    """What makes the total, quoted anew; the prices of the lines stay as they were taken."""

    currency: str
    lines: list[LineCharges]
    total: int
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    tax_lines: list[TaxShare] = []
    tax_included: bool = False
    codes: list[Applied] = []


class ReservationExtended(_Quoted, frozen=True, kw_only=True, omit_defaults=True):
    """The stock is held for longer."""

    reserved_until: str


class CheckoutCanceled(_OfCheckout, frozen=True, kw_only=True, omit_defaults=True):
    pass


class CheckoutExpired(_OfCheckout, frozen=True, kw_only=True, omit_defaults=True):
    pass


class CheckoutReopened(_Quoted, frozen=True, kw_only=True, omit_defaults=True):
    """A payment attempt failed: the checkout can be completed again while its stock is held."""

    order_id: str
