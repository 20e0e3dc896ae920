"""What products are filed under: look-ups, listings in the order of each sort, values and words. Folds are in `products`."""

from collections.abc import Iterable

from projections.projection import Entry
from shop import views
from shop.views import Product


def entries(document: Product) -> Iterable[Entry]:
    """What is filed of the staff's document: all that does not depend on a channel's price."""
    yield views.EVERY, views.member(document.created_at, document.id), 0
    for key in _lookups(document):
        yield views.LOOKUP, views.member(key, document.id), 0
    if not document.channels:
        for sort, key in views.product_sort_keys(document).items():
            yield views.listing("", "all", sort), views.member(key, document.id), 0
    for value in set(views.facet_values(document)):
        yield views.FACETS, views.member(views.facet_entry(*value, document.channels), document.id), 0
    for word, rank in views.ranked_words(document).items():
        yield views.WORDS, views.member(views.word_entry(word, rank, document.channels), document.id), 0
        if len(word) >= views.LEAST_TOLERANT:
            yield views.ENDINGS, views.member(views.word_entry(word[::-1], rank, document.channels), document.id), 0


def cut_entries(cut: Product) -> Iterable[Entry]:
    """A channel lists what is published in it: under all, under each category and in each collection."""
    product_id = views.root(cut.id)
    keys = views.product_sort_keys(cut)
    if not cut.published:
        yield views.listing(cut.channel, "unsold", "PRICE"), views.member(keys["PRICE"], product_id), 0
        return
    scopes = ("all", *cut.category_ids, *cut.places)
    for sort, key in keys.items():
        entry = views.member(key, product_id)
        for scope in scopes:
            yield views.listing(cut.channel, scope, sort), entry, 0
    for collection_id, place in cut.places.items():
        yield views.listing(cut.channel, collection_id, "POSITION"), views.member(views.number_key(place), product_id), 0


def _lookups(document: Product) -> Iterable[str]:
    for slug in (document.slug, *document.former_slugs):
        yield f"slug={slug}"
    for variant in document.variants:
        yield f"variant={variant.id}"
        yield f"sku={variant.sku.casefold()}"
        if variant.barcode is not None:
            yield f"barcode={variant.barcode}"
