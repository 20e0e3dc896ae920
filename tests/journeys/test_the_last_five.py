"""Fifty buyers at once want the last five."""

import asyncio
import os

from tests.journeys.client import Shop


async def test_five_orders_and_forty_five_stock_errors(shop: Shop) -> None:
    variant_id = await _the_last(shop, 5)

    answers = await asyncio.gather(*(shop.buy(variant_id) for _ in range(50)))

    codes = [error["code"] for answer in answers for error in answer["errors"]]
    assert ["INSUFFICIENT_STOCK"] * 45 == codes
    assert 5 == len({answer["orderId"] for answer in answers if not answer["errors"]})


async def _the_last(shop: Shop, count: int) -> str:
    """Put a new product on sale, with so many on the shelf."""
    name = f"Sextant {os.urandom(4).hex()}"
    variant = {"sku": name, "prices": [{"price": {"amount": "120.00", "currency": "USD"}}]}
    made = await shop.data(
        "mutation ($i: ProductCreateInput!) { productCreate(input: $i) { productId product { variants { id } } } }",
        i={"name": name, "variants": [variant]},
    )
    product_id = made["productCreate"]["productId"]
    variant_id = str(made["productCreate"]["product"]["variants"][0]["id"])
    warehouses = await shop.data("{ warehouses { id } }")
    await shop.data("mutation ($id: ID!) { productPublish(id: $id) { errors { message } } }", id=product_id)
    stock = {"warehouseId": warehouses["warehouses"][0]["id"], "reason": "RECEIVED", "idempotencyKey": os.urandom(16).hex()}
    stock["changes"] = [{"variantId": variant_id, "countedTo": count}]
    await shop.data("mutation ($i: StockAdjustInput!) { stockAdjust(input: $i) { errors { message } } }", i=stock)
    return variant_id
