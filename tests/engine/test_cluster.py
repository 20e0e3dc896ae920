"""On Redis Cluster: each script stays in its segment's slot, and touches no key that it did not declare."""

import socket
import subprocess
import time

import pytest
import redis
from redis.asyncio import Redis

from projections.generations import Generations
from projections.worker import Worker
from server import redis_server
from shop.views import Wish
from tests.engine import broken, seen


@pytest.fixture(scope="module")
def cluster_port(tmp_path_factory):
    """A cluster of one node that has every slot: it refuses what another would, all keys of a command in one slot."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1] % 20_000 + 20_000  # the nodes' own port is 10,000 higher
    data = tmp_path_factory.mktemp("cluster")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--dir", str(data), "--save", ""]
    with subprocess.Popen([redis_server.bundled(), *options, "--logfile", "redis.log"]) as server:
        try:
            _join(port)
            yield port
        finally:
            server.kill()


def _join(port):
    give_up = time.monotonic() + 20
    while not _has_joined(port):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def _has_joined(port):
    try:
        with redis.Redis(port=port) as client:
            if not client.execute_command("CLUSTER SLOTS"):
                client.execute_command("CLUSTER ADDSLOTS", *range(16384))
            return client.execute_command("CLUSTER INFO")["cluster_state"] == "ok"
    except redis.RedisError:
        return False


@pytest.fixture
def views_redis(cluster_port):
    with redis.Redis(port=cluster_port) as client:
        client.flushall()
        yield client


@pytest.fixture
async def async_redis(cluster_port):
    async with Redis(port=cluster_port, protocol=2) as client:
        yield client


@pytest.mark.parametrize("segments", [1, 16])
async def test_a_shop_is_folded_rebuilt_and_mended_on_a_cluster(random_shop, segments):
    async with random_shop(40, segments) as one:
        worker = _strict(one)
        await one.shop.does(60)
        await worker.catch_up()
        await one.shop.does(60)
        await worker.catch_up()
        generations = Generations(one.async_redis, one.keys)
        await generations.rebuild((await one.tail.head())[0], ["product", "order"])
        await generations.wish(Wish("category", 1, one.shop.value("SELECT id FROM categories")))
        await worker.catch_up()
        await generations.clean(["product", "order"])
        await worker._leases.release()

        assert [] == one.differences()
        assert set() == {name for names in seen.holders(one).values() for name in names}


def test_a_key_in_another_slot_is_refused_here(views_redis):
    """Or the test above would show nothing."""
    with pytest.raises(redis.ResponseError, match="same slot"):
        views_redis.eval("return 1", 2, "{tw0}:a", "{tw1}:a")
    with pytest.raises(redis.ResponseError, match="undeclared key"):
        broken.at_an_undeclared_key(views_redis.register_script("return redis.call('GET', '{tw0}:b')"), views_redis)(
            ["{tw0}:a"]
        )


def _strict(one):
    worker = Worker(one.tail, one.async_redis, one.keys)
    leases = worker._leases
    for place, script in (
        (worker._store, "_commit"),
        (worker._store, "_switch"),
        (leases, "_lease"),
        (leases._generations, "_begin"),
    ):
        setattr(place, script, broken.at_an_undeclared_key(getattr(place, script), one.async_redis))
    return worker
