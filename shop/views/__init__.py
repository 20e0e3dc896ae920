"""Every view: its shape, its version, its keys and index names.

A view is a set of documents. A document's id begins with its root's id (`prod_...`, `prod_...:retail`), and all that
hangs on one root lies in one segment. Shapes follow the GraphQL types; names are the API's in snake case.
"""

from shop.views.base import Document, read
from shop.views.catalog import Category, Channel, Collection, Level, Product, StockLevel, Variant, VariantPrice, Warehouse
from shop.views.figures import Credit, CreditLine, Customer, DayOfProduct, ProductSales, SalesDay
from shop.views.generations import (
    BEGINNING,
    Checkpoint,
    Generation,
    Lease,
    Parked,
    Wish,
    checkpoint,
    generation,
    lease,
    parked_field,
)
from shop.views.keys import (
    DELIVERIES,
    EVERY,
    LAYOUT,
    LOOKUP,
    NUDGE,
    SEARCH,
    WORKERS,
    Keys,
    is_beside_the_views,
    listing,
    member,
    member_id,
    number_key,
    operation_key,
    orders_by,
    root,
    stock_in,
    top,
)
from shop.views.orders import Allocation, Fulfillment, LedgerEntry, MovedLine, Order, OrderLine, Payment, Return
from shop.views.selling import Cart, CartLine, Checkout, Line
from shop.views.sorting import customer_sort_key, order_sort_keys, product_sort_keys
from shop.views.webhooks import Delivered, Webhook

ALL: tuple[type[Document], ...] = (
    Channel, Warehouse, Category, Collection, Product, ProductSales, StockLevel,
    Cart, Checkout, Order, Credit, Customer, SalesDay,
    Webhook,
)  # fmt: skip

__all__ = [
    "ALL",
    "BEGINNING",
    "DELIVERIES",
    "EVERY",
    "LAYOUT",
    "LOOKUP",
    "NUDGE",
    "SEARCH",
    "WORKERS",
    "Allocation",
    "Cart",
    "CartLine",
    "Category",
    "Channel",
    "Checkout",
    "Checkpoint",
    "Collection",
    "Credit",
    "CreditLine",
    "Customer",
    "DayOfProduct",
    "Delivered",
    "Document",
    "Fulfillment",
    "Generation",
    "Keys",
    "Lease",
    "LedgerEntry",
    "Level",
    "Line",
    "MovedLine",
    "Order",
    "OrderLine",
    "Parked",
    "Payment",
    "Product",
    "ProductSales",
    "Return",
    "SalesDay",
    "StockLevel",
    "Variant",
    "VariantPrice",
    "Warehouse",
    "Webhook",
    "Wish",
    "checkpoint",
    "customer_sort_key",
    "generation",
    "is_beside_the_views",
    "lease",
    "listing",
    "member",
    "member_id",
    "number_key",
    "operation_key",
    "order_sort_keys",
    "orders_by",
    "parked_field",
    "product_sort_keys",
    "read",
    "root",
    "stock_in",
    "top",
]
