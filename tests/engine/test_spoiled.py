"""A stored document that cannot be read is an error where it is asked for, and spoils nothing else."""

import asyncio

import msgspec
import pytest

from reads.reading import Views
from shop.views import Product


async def test_a_document_that_cannot_be_read_spoils_no_other(shop):
    shop.redis.set(shop.keys.document(Product, shop.bad, 1), "{spoiled")
    read = await Views(shop.async_redis, shop.keys, shop.tail).reading()

    bad, good = await asyncio.gather(read.get(Product, shop.bad), read.get(Product, shop.good), return_exceptions=True)

    assert shop.good == good.id
    with pytest.raises(msgspec.DecodeError):
        raise bad
