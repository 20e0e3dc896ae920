"""What happens to customers: that they are known, what they are called, and where they live."""

from shop.events.base import Address, Event


class _OfCustomer(Event, frozen=True, kw_only=True, omit_defaults=True):
    customer_id: str

    @property
    def stream(self) -> str:
        return self.customer_id


class CustomerRegistered(_OfCustomer, frozen=True, kw_only=True, omit_defaults=True):
    external_ref: str | None = None
    email: str | None = None
    name: str | None = None


class CustomerDescribed(_OfCustomer, frozen=True, kw_only=True, omit_defaults=True):
    """Name and email as they are from now on."""

    name: str | None = None
    email: str | None = None


class AddressSaved(_OfCustomer, frozen=True, kw_only=True, omit_defaults=True):
    """A new address, or one as it is from now on. There always is one, unless its customer was erased since.

    The flags tell whether it is the customer's default from now on; then no other is.
    """

    address_id: str
    address: Address | None = None
    default_shipping: bool = False
    default_billing: bool = False


class AddressRemoved(_OfCustomer, frozen=True, kw_only=True, omit_defaults=True):
    address_id: str
