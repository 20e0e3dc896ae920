"""What is left to tell when a person was erased: whose documents no longer say anything of anybody."""

from shop.events.base import Event


class CustomerErased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The customer is a number and nothing else from now on. Its orders are erased by events of their own.

    Of its reviews only the rating stands.
    """

    customer_id: str
    review_ids: list[str] = []

    @property
    def stream(self) -> str:
        return self.customer_id

    def roots(self) -> set[str]:
        return {self.customer_id, *self.review_ids}


class OrderErased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Contact, addresses, metadata and free texts are gone; number, goods and sums stand."""

    order_id: str

    @property
    def stream(self) -> str:
        return self.order_id


class CheckoutErased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Contact, addresses and metadata are gone."""

    checkout_id: str

    @property
    def stream(self) -> str:
        return self.checkout_id
