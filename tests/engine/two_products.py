"""Two products, `shop.bad` and `shop.good`, of which the bad one's fold can be made to raise."""

import msgspec

from projections.products import product
from projections.projection import Route
from projections.worker import Worker
from shop import events
from shop.views import Product
from writes import catalog


async def park(shop, monkeypatch):
    breaks_at(monkeypatch, shop.bad, "wrong")
    for name in ("wrong", "last"):
        await rename(shop, name)
    await catch_up(shop)


def breaks_at(monkeypatch, document_id, name):
    """From now on the fold raises where this document is given that name."""
    right = product.routes[events.ProductDescribed]

    def fold(document, event, recorded):
        if (document.id, event.name) == (document_id, name):
            raise ValueError("a fault")
        return right.fold(document, event, recorded)

    monkeypatch.setitem(product.routes, events.ProductDescribed, Route(right.parts, fold))


async def rename(shop, name):
    for product_id in (shop.bad, shop.good):
        await shop.shop.bus.send(catalog.UpdateProduct(product_id, name=name))


async def catch_up(shop):
    await Worker(shop.tail, shop.async_redis, shop.keys, name="w").catch_up()


def key(shop, product_id):
    return shop.keys.document(Product, product_id, int(answers(shop)[shop.keys.segment(product_id)]))


def stored(shop, product_id):
    return msgspec.json.decode(shop.redis.get(key(shop, product_id)), type=Product)


def answers(shop):
    return {segment: shop.redis.hget(shop.keys.serving(segment), "product") for segment in range(4)}
