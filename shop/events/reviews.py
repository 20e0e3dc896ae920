"""What buyers say of products, and what staff let others read."""

from shop.events.base import Event


class _OfReview(Event, frozen=True, kw_only=True, omit_defaults=True):
    review_id: str
    product_id: str

    @property
    def stream(self) -> str:
        return self.review_id


class ReviewSubmitted(_OfReview, frozen=True, kw_only=True, omit_defaults=True):
    """A verified buyer's view, not to be read by others yet. Its author is called as the customer is when it is read."""

    customer_id: str
    rating: int
    title: str | None = None
    body: str | None = None


class ReviewModerated(_OfReview, frozen=True, kw_only=True, omit_defaults=True):
    """`ratings` are how many published reviews the product has from now on: of 1, 2, 3, 4 and 5."""

    status: str
    ratings: list[int]

    def roots(self) -> set[str]:
        return {self.review_id, self.product_id}
