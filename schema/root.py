"""The whole schema: every query, mutation and subscription is put together here."""

import strawberry
from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from schema import faults
from schema.cancels import CancelMutation
from schema.carts import CartMutation, CartQuery
from schema.catalog import CatalogMutation, CatalogQuery
from schema.checkout import CheckoutMutation, CheckoutQuery
from schema.collections import CollectionMutation, CollectionQuery
from schema.consistency import Consistency, at_least
from schema.customers import CustomerMutation, CustomerQuery
from schema.erasure import ErasureMutation
from schema.errors import TYPES as ERROR_TYPES
from schema.events import EventQuery, EventSubscription
from schema.fulfillment import FulfillmentMutation
from schema.live import ViewSubscription
from schema.node_query import NodeQuery
from schema.operating import OperationMutation, OperationQuery
from schema.orders import OrderMutation, OrderQuery
from schema.payments import PaymentMutation
from schema.product_edits import ProductMutation
from schema.products import ProductQuery
from schema.promotions import PromotionMutation, PromotionQuery
from schema.reports import ReportQuery
from schema.returns import ReturnMutation, ReturnQuery
from schema.reviews import ReviewMutation, ReviewQuery
from schema.scalars import SCALARS
from schema.shipping import ShippingMutation, ShippingQuery
from schema.stock import StockMutation, StockQuery
from schema.taxes import TaxMutation, TaxQuery
from schema.views import ViewQuery
from schema.webhooks import WebhookMutation, WebhookQuery


@strawberry.type
class Query(
    CatalogQuery,
    CollectionQuery,
    ProductQuery,
    StockQuery,
    CartQuery,
    CheckoutQuery,
    ShippingQuery,
    TaxQuery,
    PromotionQuery,
    OrderQuery,
    ReturnQuery,
    CustomerQuery,
    ReviewQuery,
    ReportQuery,
    NodeQuery,
    ViewQuery,
    OperationQuery,
    EventQuery,
    WebhookQuery,
):
    pass


@strawberry.type
class Mutation(
    CatalogMutation,
    CollectionMutation,
    ProductMutation,
    StockMutation,
    CartMutation,
    CheckoutMutation,
    ShippingMutation,
    TaxMutation,
    PromotionMutation,
    OrderMutation,
    FulfillmentMutation,
    ReturnMutation,
    CancelMutation,
    PaymentMutation,
    CustomerMutation,
    ReviewMutation,
    ErasureMutation,
    OperationMutation,
    WebhookMutation,
):
    pass


@strawberry.type
class Subscription(ViewSubscription, EventSubscription):
    pass


class Schema(strawberry.Schema):
    """Strawberry's, but for what it tells of errors."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:  # noqa: ARG002  its signature
        """Put what the client is told in the place of each error; the list is the answer's own."""
        errors[:] = [faults.told(error) for error in errors]


def build_schema() -> strawberry.Schema:
    """Build the schema that `schema.graphql` of the contract describes."""
    built = Schema(
        Query,
        Mutation,
        Subscription,
        directives=[at_least],
        types=ERROR_TYPES,
        extensions=[ParserCache, ValidationCache, Consistency],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    built.directives = ()  # nothing to call for each field: Consistency reads the operation's directive
    return built
