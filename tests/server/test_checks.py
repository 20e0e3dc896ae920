"""A worker refuses stores that would lose views or that it cannot read, with the way out."""

import msgspec
import pytest
import sqlalchemy as sa

from server.checks import UnfitStoreError, until_fit
from shop import log
from shop.tail import open_tail
from writes.channels import CreateChannel
from writes.sqlite import open_engine


@pytest.fixture
async def tail(shop, tmp_path):
    await shop.bus.send(CreateChannel("retail", "Retail", "EUR"))
    async with open_tail(tmp_path / "shop.db") as opened:
        yield opened


async def test_a_redis_that_keeps_everything_and_a_log_that_can_be_read_are_fit(async_redis, tail):
    await until_fit(async_redis, tail)


async def test_a_redis_that_may_evict_documents_is_refused(async_redis, tail):
    await async_redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(UnfitStoreError, match="set it to noeviction"):
            await until_fit(async_redis, tail)
    finally:
        await async_redis.config_set("maxmemory-policy", "noeviction")


async def test_a_log_with_an_event_of_a_newer_program_is_refused(async_redis, tail, tmp_path):
    with open_engine(tmp_path / "shop.db").begin() as connection:
        connection.execute(sa.update(log.stored_events).values(type="GiftCardIssued", data=msgspec.json.encode({}).decode()))

    with pytest.raises(UnfitStoreError, match="GiftCardIssued"):
        await until_fit(async_redis, tail)
