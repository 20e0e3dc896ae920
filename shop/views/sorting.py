"""What each list is ordered by: the sort keys of a document, by the API's sort field. Texts, compared as texts."""

from shop.money import units
from shop.views.catalog import Product
from shop.views.figures import Customer, Review
from shop.views.keys import number_key
from shop.views.orders import Order


def product_sort_keys(document: Product) -> dict[str, str]:
    """The keys of a channel's own document: its price is the lowest of a variant that is sold."""
    prices = [units(one.price) for one in document.variants if one.price is not None and not one.discontinued] or [0]
    return {
        "NAME": document.name.casefold(),
        "PRICE": number_key(min(prices)),
        "CREATED_AT": document.created_at,
        "BEST_SELLING": number_key(document.units_sold),
        "UPDATED_AT": document.updated_at,
        "RATING": number_key(document.rating_hundredths),
    }


def review_sort_keys(document: Review) -> dict[str, str]:
    return {"CREATED_AT": document.created_at, "RATING": str(document.rating)}


def order_sort_keys(document: Order) -> dict[str, str]:
    """An order that is not placed yet sorts by when it was made."""
    return {
        "PLACED_AT": document.placed_at or document.created_at,
        "NUMBER": document.number.rjust(20, "0"),
        "TOTAL": number_key(units(document.total)),
        "UPDATED_AT": document.updated_at,
    }


def customer_sort_key(document: Customer) -> str:
    """A customer sorts by what is known: reference, email or name."""
    return (document.external_ref or document.email or document.name or "").casefold()
