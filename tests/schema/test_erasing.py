"""Erasing through GraphQL: what is shown afterwards, and what no search finds any more."""

import uuid

from shop.events import Address
from tests.schema.front import Front, front  # noqa: F401 - a fixture
from writes import carts, checkout, completing, customers, stock

_CUSTOMER = """mutation ($id: ID!, $key: String!) { customerErase(id: $id, idempotencyKey: $key) {
  errors { code path } customerId replayed customer { externalRef email name orderCount } } }"""
_ORDER = """mutation ($id: ID!, $key: String!) { orderErase(id: $id, idempotencyKey: $key) {
  errors { code path } orderId order { number email shippingAddress { name } metadata total { amount } lines { sku } } } }"""
_FOUND = '{ customers(search: "Quux") { totalCount } }'


async def test_an_erased_customer_is_found_no_more(front: Front) -> None:  # noqa: F811
    made = await front.does(customers.RegisterCustomer("REF-1", name="Zoë Quux"))
    assert {"customers": {"totalCount": 1}} == await front.asks(_FOUND)

    values = {"id": made["customer_id"], "key": str(uuid.uuid4())}
    erased = (await front.asks(_CUSTOMER, **values))["customerErase"]

    nobody = {"externalRef": None, "email": None, "name": None, "orderCount": 0}
    assert ([], nobody, False) == (erased["errors"], erased["customer"], erased["replayed"])
    assert {"customers": {"totalCount": 0}} == await front.asks(_FOUND)
    assert (await front.asks(_CUSTOMER, **values))["customerErase"]["replayed"]


async def test_an_erased_order_keeps_its_number_and_its_lines(front: Front) -> None:  # noqa: F811
    await front.does(stock.CreateWarehouse("main", "Main"))
    product = await front.asks(
        "query ($id: ID!) { product(id: $id) { variants { id } } }", id=await front.sells("Mug", "0.00", backorderable=True)
    )
    line = carts.LineIn(product["product"]["variants"][0]["id"], 1)
    cart = await front.does(carts.CreateCart("default", [line]))
    zoe = Address(name="Zoë Quux", line1="7 Wharf", city="Hull", country="GB")
    begun = await front.does(checkout.StartCheckout(cart["cart_id"], "zoe@example.org", zoe, metadata={"for": "Quux"}))
    order_id = (await front.does(completing.CompleteCheckout(begun["checkout_id"], "0.00", "GBP")))["order_id"]

    erased = (await front.asks(_ORDER, id=order_id, key=str(uuid.uuid4())))["orderErase"]

    assert ([], order_id) == (erased["errors"], erased["orderId"])
    order = erased["order"]
    assert (None, None, None) == (order["email"], order["shippingAddress"], order["metadata"])
    assert ({"amount": "0.00"}, [{"sku": "SKU Mug"}]) == (order["total"], order["lines"])
    assert order["number"]


async def test_who_is_not_there_is_not_erased(front: Front) -> None:  # noqa: F811
    answered = (await front.asks(_CUSTOMER, id="cus_none", key=str(uuid.uuid4())))["customerErase"]

    assert ([{"code": "NOT_FOUND", "path": ["id"]}], None) == (answered["errors"], answered["customer"])
