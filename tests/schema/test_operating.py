"""What operators do through the API: views made anew and taken back, parked documents tried again and let go on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from projections.products import product as products
from projections.projection import Route
from projections.worker import Worker
from shop import events
from shop.beside import beside
from shop.views import Product
from tests.schema.front import Front, front
from writes.catalog import UpdateProduct

__all__ = ["front"]

_VIEWS = "views { name generation parked rebuild { generation } }"
_REBUILD = f"""mutation ($name: String!, $subject: ID, $key: String) {{ done: viewRebuild(name: $name, subject: $subject,
  idempotencyKey: $key) {{ position replayed errors {{ code path }} {_VIEWS} }} }}"""
_ROLLBACK = f"""mutation ($name: String!, $key: String) {{ done: viewRollback(name: $name, idempotencyKey: $key) {{
  position replayed errors {{ code path }} {_VIEWS} }} }}"""
_PARKED = "query ($view: String) { parked(view: $view) { view subject position eventType error since waiting } }"


def mend(which: str) -> str:
    return f"""mutation ($view: String! = "product", $subject: ID!) {{ done: {which}(view: $view, subject: $subject) {{
      position replayed errors {{ code path }} {_VIEWS} }} }}"""


async def done(front: Front, operation: str, **values: Any) -> Any:
    return (await front.asks(operation, **values))["done"]


def product_view(views: list[Any]) -> Any:
    return next(one for one in views if one["name"] == "product")


async def until_named(front: Front, product_id: str, name: str) -> None:
    """Wait until the worker has done what was asked of it, as long as a busy machine may take."""
    async with asyncio.timeout(20):
        while True:
            found = await front.asked("query ($id: ID!) { product(id: $id) { name } }", id=product_id)
            if found.errors is None and found.data == {"product": {"name": name}}:
                return
            await asyncio.sleep(0.02)


async def until(front: Front, generation: int) -> Any:
    """Wait until that generation of the products answers."""
    async with asyncio.timeout(20):
        while True:
            view = product_view((await front.asks(f"{{ {_VIEWS} }}"))["views"])
            if view["generation"] == generation and view["rebuild"] is None:
                return view
            await asyncio.sleep(0.02)


@pytest.fixture
async def worked(front: Front) -> AsyncIterator[Front]:
    """Given a shop whose worker is at work by itself."""
    store = front.context.views.store
    worker = Worker(front.context.views.log, store.redis, store.keys)  # type: ignore[arg-type]
    async with beside(worker.run()):
        yield front
        worker.stop()


@pytest.fixture
async def stuck(front: Front, monkeypatch: pytest.MonkeyPatch) -> str:
    """Given a product with a name that its fold cannot take, and another name after it."""
    right = products.routes[events.ProductDescribed]

    def fold(document: Any, event: Any, recorded: Any) -> Any:
        if event.name == "wrong":
            raise ValueError("a fault")
        return right.fold(document, event, recorded)

    monkeypatch.setitem(products.routes, events.ProductDescribed, Route(right.parts, fold))
    product_id = await front.sells("Cup")
    for name in ("wrong", "last"):
        await front.does(UpdateProduct(product_id, name=name))
    return product_id


async def test_a_view_is_made_anew_and_taken_back(worked: Front) -> None:
    begun = await done(worked, _REBUILD, name="product")
    await until(worked, 2)
    back = await done(worked, _ROLLBACK, name="product")

    assert ([], None, False) == (begun["errors"], begun["position"], begun["replayed"])
    assert ([], None, False) == (back["errors"], back["position"], back["replayed"])
    assert 1 == (await until(worked, 1))["generation"]


async def test_one_document_is_made_anew(worked: Front) -> None:
    product_id, context = await worked.sells("Cup"), worked.context
    store = context.views.store
    await store.redis.set(store.keys.document(Product, product_id, 1), b"spoiled")

    answer = await done(worked, _REBUILD, name="product", subject=product_id)

    assert [] == answer["errors"]
    await until_named(worked, product_id, "Cup")


async def test_the_same_key_asks_once(worked: Front) -> None:
    await done(worked, _REBUILD, name="product", key="again")
    await until(worked, 2)

    again = await done(worked, _REBUILD, name="product", key="again")
    other = await done(worked, _REBUILD, name="order", key="again")

    assert ([], True, 2) == (again["errors"], again["replayed"], product_view(again["views"])["generation"])
    assert product_view(again["views"])["rebuild"] is None
    assert [{"code": "IDEMPOTENCY_KEY_REUSED", "path": ["idempotencyKey"]}] == other["errors"]


async def test_a_parked_document_is_shown_with_its_event_and_its_error(front: Front, stuck: str) -> None:
    [shown] = (await front.asks(_PARKED))["parked"]

    assert ("product", stuck, "ProductDescribed", "ValueError: a fault", 1) == tuple(
        shown[name] for name in ("view", "subject", "eventType", "error", "waiting")
    )
    told = (await front.asks("query ($s: ID) { events(subject: $s) { nodes { position data } } }", s=stuck))["events"]
    assert "wrong" == next(one["data"]["name"] for one in told["nodes"] if one["position"] == shown["position"])
    assert [] == (await front.asks(_PARKED, view="order"))["parked"]


async def test_a_retry_folds_on_once_the_fold_was_mended(worked: Front, stuck: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    mended = await done(worked, mend("parkedRetry"), subject=stuck)

    assert [] == mended["errors"]
    await until_named(worked, stuck, "last")
    assert [] == (await worked.asks(_PARKED))["parked"]


async def test_a_skip_leaves_the_event_out(worked: Front, stuck: str) -> None:
    skipped = await done(worked, mend("parkedSkip"), subject=stuck)

    assert [] == skipped["errors"]
    await until_named(worked, stuck, "last")
    assert [] == (await worked.asks(_PARKED))["parked"]


@pytest.mark.parametrize(
    ("operation", "values", "code", "path"),
    [
        (_REBUILD, {"name": "gift_card"}, "NOT_FOUND", ["name"]),
        (_ROLLBACK, {"name": "gift_card"}, "NOT_FOUND", ["name"]),
        (_ROLLBACK, {"name": "product"}, "INVALID", ["name"]),
        (mend("parkedRetry"), {"view": "gift_card", "subject": "prod_1"}, "NOT_FOUND", ["view"]),
        (mend("parkedRetry"), {"subject": "prod_1"}, "NOT_FOUND", ["subject"]),
        (mend("parkedSkip"), {"subject": "prod_1"}, "NOT_FOUND", ["subject"]),
    ],
)
async def test_what_cannot_be_done_is_refused(
    front: Front, operation: str, values: dict[str, Any], code: str, path: list[str]
) -> None:
    refused = await done(front, operation, **values)

    assert [{"code": code, "path": path}] == refused["errors"]
    assert refused["views"] is None
