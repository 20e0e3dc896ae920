"""Reviews of products: what buyers say, and what staff let others read."""

import datetime as dt

import strawberry
from strawberry import Parent

from reads import customers, products, reviews
from reads.pages import Page
from schema.catalog import DEFAULT
from schema.context import Info
from schema.inputs import command
from schema.listings import window
from schema.nodes import Node, PageInfo, known
from schema.payloads import MutationPayload, after, send
from schema.products import Product
from schema.review_lists import ReviewSort, ReviewStatus, ReviewWhere, listed, review_filter
from shop import views
from writes.bus import Answer
from writes.reviews import ModerateReview, SubmitReview


@strawberry.type
class Review(Node):
    rating: int
    title: str | None
    body: str | None
    status: ReviewStatus
    created_at: dt.datetime

    @strawberry.field(graphql_type=Product)
    @staticmethod
    async def product(review: Parent[views.Review], info: Info) -> views.Product | None:
        return await products.product(info.context.reading, review.channel or DEFAULT, id=review.product_id)

    @strawberry.field
    @staticmethod
    async def author(review: Parent[views.Review], info: Info) -> str | None:
        """As the customer is called now; nobody, where it was erased."""
        author = await customers.customer(info.context.reading, review.customer_id)
        return None if author is None else author.name


@strawberry.type
class ReviewEdge:
    cursor: str
    node: Review


@strawberry.type
class ReviewConnection:
    edges: list[ReviewEdge]
    nodes: list[Review]
    page_info: PageInfo
    total_count: int


@strawberry.input
class ReviewSubmitInput:
    idempotency_key: str | None = strawberry.UNSET
    product_id: strawberry.ID
    rating: int
    title: str | None = strawberry.UNSET
    body: str | None = strawberry.UNSET


@strawberry.type
class ReviewPayload(MutationPayload):
    @strawberry.field
    @staticmethod
    def review_id(answer: Parent[Answer]) -> strawberry.ID | None:
        return answer.ids.get("review_id")

    @strawberry.field(graphql_type=Review | None)
    @staticmethod
    async def review(answer: Parent[Answer], info: Info) -> views.Review | None:
        review_id = answer.ids.get("review_id")
        return None if review_id is None else await reviews.review(await after(info, answer), review_id)


@strawberry.type
class ReviewQuery:
    @strawberry.field(graphql_type=ReviewConnection)
    @staticmethod
    async def reviews(
        info: Info,
        where: ReviewWhere | None = strawberry.UNSET,
        sort: ReviewSort | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> Page[views.Review]:
        return await listed(info.context, review_filter(info.context, where), sort, window(first, after))


@strawberry.type
class ReviewMutation:
    @strawberry.mutation(graphql_type=ReviewPayload)
    @staticmethod
    async def review_submit(info: Info, input: ReviewSubmitInput) -> Answer:
        mine = {"customer_id": info.context.customer_id}
        return await send(info, command(SubmitReview, input, **mine), input.idempotency_key)

    @strawberry.mutation(graphql_type=ReviewPayload)
    @staticmethod
    async def review_moderate(
        info: Info, id: strawberry.ID, status: ReviewStatus, idempotency_key: str | None = strawberry.UNSET
    ) -> Answer:
        info.context.check_staff()
        return await send(info, ModerateReview(id, status.value), known(idempotency_key))
