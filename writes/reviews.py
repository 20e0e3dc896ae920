"""Reviews: who bought a product may rate it, once; staff say which reviews are read and counted."""

import msgspec
import sqlalchemy as sa

from shop import events, ids
from writes import people_tables as p
from writes import tables as t
from writes.refusals import AboveLimit, Invalid, NotAllowedFrom, NotBought, NotFound, Taken
from writes.work import Done, Work

STATUSES = ("PENDING", "PUBLISHED", "REJECTED")
_BEST = 5
_LONGEST = {"title": 200, "body": 5000}


class SubmitReview(msgspec.Struct, frozen=True):
    customer_id: str
    product_id: str
    rating: int
    title: str | None = None
    body: str | None = None


class ModerateReview(msgspec.Struct, frozen=True):
    review_id: str
    status: str


def submit_review(work: Work, command: SubmitReview) -> Done:
    if not 1 <= command.rating <= _BEST:
        raise Invalid(f"A rating is 1 to {_BEST}, not {command.rating}.", ["input", "rating"])
    title, body = _text("title", command.title), _text("body", command.body)
    if work.seen(t.products, command.product_id) is None:
        raise NotFound(f"There is no product {command.product_id}.", ["input", "productId"])
    if not _has_bought(work, command.customer_id, command.product_id):
        raise NotBought("Only who bought the product and was sent it may review it.", ["input", "productId"])
    review_id = ids.new("review")
    told = {"product_id": command.product_id, "customer_id": command.customer_id, "title": title, "body": body}
    row = {"id": review_id, "rating": command.rating, "status": "PENDING", "created_at": work.at, **told}
    if not work.added(p.reviews, row):
        raise Taken("You reviewed this product already.", ["input", "productId"])
    submitted = events.ReviewSubmitted(
        review_id=review_id,
        product_id=command.product_id,
        customer_id=command.customer_id,
        rating=command.rating,
        title=title,
        body=body,
    )
    return Done([submitted], {"review_id": review_id})


def moderate_review(work: Work, command: ModerateReview) -> Done:
    """The product is held, so that of two reviews at once the second counts the first."""
    review = work.seen(p.reviews, command.review_id)
    if review is None:
        raise NotFound(f"There is no review {command.review_id}.", ["id"])
    work.one(t.products, review.product_id)
    status = work.connection.scalar(sa.select(p.reviews.c.status).where(p.reviews.c.id == review.id))
    others = [one for one in STATUSES if one != status]
    if command.status not in others:
        raise NotAllowedFrom("The review", str(status), others, ["status"])
    work.do(sa.update(p.reviews).where(p.reviews.c.id == review.id).values(status=command.status))
    told = {"review_id": review.id, "product_id": review.product_id, "status": command.status}
    return Done([events.ReviewModerated(ratings=_ratings(work, review.product_id), **told)], {"review_id": review.id})


def _has_bought(work: Work, customer_id: str, product_id: str) -> bool:
    """Whether some of it was sent to the customer; who sent it back has had it too."""
    lines, of = t.order_lines.c, t.orders.c
    bought = sa.select(lines.id).join(t.orders, of.id == lines.order_id).where(of.customer_id == customer_id)
    sent = bought.where(of.placed_at.is_not(None), lines.product_id == product_id, lines.shipped > 0)
    return work.connection.scalar(sent.limit(1)) is not None


def _ratings(work: Work, product_id: str) -> list[int]:
    """How many published reviews there are of each rating, from 1 on."""
    columns = p.reviews.c
    published = sa.and_(columns.product_id == product_id, columns.status == "PUBLISHED")
    counts = sa.select(columns.rating, sa.func.count().label("reviews")).where(published).group_by(columns.rating)
    counted = {row.rating: row.reviews for row in work.all(counts)}
    return [counted.get(rating, 0) for rating in range(1, _BEST + 1)]


def _text(name: str, text: str | None) -> str | None:
    """What is said, without the blanks around it; nothing but blanks is nothing."""
    said = (text or "").strip()
    if len(said) > _LONGEST[name]:
        raise AboveLimit(f"A {name} has {_LONGEST[name]} characters at most.", _LONGEST[name], ["input", name])
    return said or None
