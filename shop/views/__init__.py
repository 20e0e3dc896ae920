"""Every view: its shape, its version, its keys and index names.

A view is a set of documents. A document's id begins with its root's id (`prod_...`, `prod_...:retail`), and all that
hangs on one root lies in one segment. Shapes follow the GraphQL types; names are the API's in snake case.
"""

from shop.views.base import Document
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
    EVERY,
    LAYOUT,
    LOOKUP,
    NUDGE,
    SEARCH,
    WORKERS,
    Keys,
    listing,
    member,
    member_id,
    number_key,
    orders_by,
    root,
    stock_in,
    top,
)
from shop.views.offers import ShippingMethod, ShippingQuote, TaxLine, TaxRate
from shop.views.orders import Allocation, Fulfillment, LedgerEntry, MovedLine, Order, OrderLine, Payment, Return
from shop.views.selling import Cart, CartLine, Checkout, Line
from shop.views.sorting import customer_sort_key, order_sort_keys, product_sort_keys

ALL: tuple[type[Document], ...] = (
    Channel, Warehouse, Category, Collection, Product, ProductSales, StockLevel,
    Cart, Checkout, Order, Credit, Customer, SalesDay, ShippingMethod, TaxRate,
)  # fmt: skip

__all__ = [
    "ALL",
    "BEGINNING",
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
    "ShippingMethod",
    "ShippingQuote",
    "StockLevel",
    "TaxLine",
    "TaxRate",
    "Variant",
    "VariantPrice",
    "Warehouse",
    "Wish",
    "checkpoint",
    "customer_sort_key",
    "generation",
    "lease",
    "listing",
    "member",
    "member_id",
    "number_key",
    "order_sort_keys",
    "orders_by",
    "parked_field",
    "product_sort_keys",
    "root",
    "stock_in",
    "top",
]
