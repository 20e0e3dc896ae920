"""Reviews: one, those of a product, and the queue of staff."""

import msgspec

from reads.pages import Edge, Page, Window, page
from reads.reading import Reading
from shop import views
from shop.views import Review


class ReviewFilter(msgspec.Struct, frozen=True):
    """What a list of reviews shows; all that is named must hold, of `status` any."""

    status: list[str]
    product: str | None = None
    rating: int | None = None

    def indexes(self, sort: str) -> list[str]:
        product, rating = self.product or "all", "any" if self.rating is None else str(self.rating)
        return [views.reviews_of(product, status, rating, sort) for status in dict.fromkeys(self.status)]

    def fits(self, document: Review) -> bool:
        """Tell whether a review is one of these."""
        return (
            document.status in self.status
            and self.product in {None, document.product_id}
            and self.rating in {None, document.rating}
        )


async def review(reading: Reading, review_id: str) -> Review | None:
    return await reading.get(Review, review_id)


async def reviews(
    reading: Reading, where: ReviewFilter, sort: str, descending: bool, window: Window, channel: str = ""
) -> Page[Review]:
    """A page of reviews, in two round trips; their product is shown for the channel."""
    found = await page(reading, Review, where.indexes(sort), window, falling=descending, fits=where.fits)
    edges = [Edge(edge.cursor, msgspec.structs.replace(edge.node, channel=channel)) for edge in found.edges]
    return Page(edges, found.page_info, found.total_count)
