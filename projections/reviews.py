"""Reviews, and the lists that they are read from."""

from collections.abc import Iterable

from projections.projection import Entry, Projection, replace
from shop import events, views
from shop.log import Recorded
from shop.views import Review

review = Projection(Review)


@review.starts(events.ReviewSubmitted, lambda e: [e.review_id])
def review_submitted(event: events.ReviewSubmitted, recorded: Recorded) -> Review:
    return Review(
        id=event.review_id,
        product_id=event.product_id,
        customer_id=event.customer_id,
        rating=event.rating,
        title=event.title,
        body=event.body,
        created_at=recorded.at,
    )


@review.on(events.ReviewModerated, lambda e: [e.review_id])
def review_moderated(view: Review, event: events.ReviewModerated, _: Recorded) -> Review:
    return replace(view, status=event.status)


@review.on(events.CustomerErased, lambda e: e.review_ids)
def author_erased(view: Review, _event: events.CustomerErased, _: Recorded) -> Review:
    return replace(view, title=None, body=None)


def _lists(document: Review) -> Iterable[Entry]:
    """By product or of all, of one rating or of any, always by status."""
    for sort, key in views.review_sort_keys(document).items():
        entry = views.member(key, document.id)
        for product_id in (document.product_id, "all"):
            for rating in (str(document.rating), "any"):
                yield views.reviews_of(product_id, document.status, rating, sort), entry, 0


review.entries = _lists
