"""How reviews are asked for by the page, and whose they are to read."""

import enum

import strawberry

from reads import reviews
from reads.pages import Page, Window
from reads.reviews import ReviewFilter
from schema.context import Context
from schema.nodes import known
from schema.scalars import SortDirection
from shop import views


@strawberry.enum
class ReviewStatus(enum.StrEnum):
    PENDING = "PENDING"
    PUBLISHED = "PUBLISHED"
    REJECTED = "REJECTED"


@strawberry.enum
class ReviewSortField(enum.StrEnum):
    CREATED_AT = "CREATED_AT"
    RATING = "RATING"


@strawberry.input
class ReviewSort:
    field: ReviewSortField
    direction: SortDirection = SortDirection.DESC


@strawberry.input
class ReviewWhere:
    status: list[ReviewStatus] | None = strawberry.UNSET
    product: strawberry.ID | None = strawberry.UNSET
    rating: int | None = strawberry.UNSET


def review_filter(context: Context, where: ReviewWhere | None) -> ReviewFilter:
    """Say what a list shows. What is not published is for staff, who see all where they name nothing."""
    where = known(where) or ReviewWhere()
    asked = known(where.status)
    readable = list(ReviewStatus) if context.caller.staff else [ReviewStatus.PUBLISHED]
    status = readable if asked is None else asked
    if not set(status) <= set(readable):
        context.check_staff()
    return ReviewFilter([one.value for one in status], known(where.product), known(where.rating))


def is_readable(context: Context, review: views.Review) -> bool:
    """All read what is published; the rest is for staff, and for who wrote it."""
    return review.status == "PUBLISHED" or context.caller.staff or review.customer_id == context.caller.customer_id


async def listed(
    context: Context, where: ReviewFilter, sort: ReviewSort | None, part: Window, channel: str = ""
) -> Page[views.Review]:
    """One page of reviews; the newest first unless sorted otherwise."""
    by = known(sort) or ReviewSort(field=ReviewSortField.CREATED_AT)
    falling = by.direction is SortDirection.DESC
    return await reviews.reviews(context.reading, where, by.field.value, falling, part, channel)
