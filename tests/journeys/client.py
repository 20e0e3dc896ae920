"""A client of the public API, as a front end has it: HTTP and graphql-transport-ws, nothing of the server's own."""

import asyncio
import itertools
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

_PRODUCT = (
    "{ products(first: 30, sort: {field: NAME}) { nodes { variants { id availableQuantity price { amount currency } } } } }"
)
_CHECKOUT = """checkoutId errors { code message }
  checkout { total { amount currency } shippingMethods { id name price { amount } } }"""
_START = f"""mutation ($cart: ID!, $key: String!, $to: AddressInput) {{
  checkoutStart(input: {{cartId: $cart, idempotencyKey: $key, shippingAddress: $to}}) {{ {_CHECKOUT} }} }}"""
_SELECT = f"mutation ($id: ID!, $quote: ID!) {{ checkoutShippingSelect(id: $id, quoteId: $quote) {{ {_CHECKOUT} }} }}"
_HOME = {"name": "Ann", "line1": "1 Pier Road", "city": "Portland", "region": "ME", "postalCode": "04101", "country": "US"}
COMPLETE = """mutation ($id: ID!, $key: String!, $amount: Decimal!, $currency: CurrencyCode!) { checkoutComplete(input: {
  checkoutId: $id, idempotencyKey: $key, expectedTotal: {amount: $amount, currency: $currency},
  paymentProvider: "test", paymentToken: "approve"}) { orderId position errors { code message } } }"""

VIEW = """name generation position lagEvents lagMs parked
  rebuild { generation applied total etaMs } segments { segment generation position lagMs owner }"""
_VIEWS = f"{{ views {{ {VIEW} }} }}"


class Shop:
    """What one front end does."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.http = httpx.AsyncClient(base_url=address, timeout=30, limits=httpx.Limits(max_connections=60))

    async def ask(self, query: str, headers: dict[str, str] | None = None, **variables: Any) -> dict[str, Any]:
        """Send an operation and return the whole answer."""
        answer = await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers or {})
        return dict(answer.json())

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send an operation that must succeed and return its data."""
        answer = await self.ask(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return dict(answer["data"])

    async def a_variant(self) -> dict[str, Any]:
        """The first variant on sale of which there is enough: other journeys buy from the same shelf."""
        found = await self.data(_PRODUCT)
        every = [variant for product in found["products"]["nodes"] for variant in product["variants"]]
        return dict(next(variant for variant in every if variant["availableQuantity"] >= 10))

    async def cart(self, variant_id: str, quantity: int = 1) -> str:
        made = await self.data(
            "mutation ($v: ID!, $q: Int!) { cartCreate(lines: [{variantId: $v, quantity: $q}]) { cartId errors { message } } }",
            v=variant_id,
            q=quantity,
        )
        assert made["cartCreate"]["errors"] == []
        return str(made["cartCreate"]["cartId"])

    async def start(self, cart_id: str) -> dict[str, Any]:
        return dict((await self.data(_START, cart=cart_id, key=str(uuid.uuid4()), to=_HOME))["checkoutStart"])

    async def ship(self, started: dict[str, Any]) -> dict[str, Any]:
        """Choose the cheapest way to ship; the checkout as it is then, or as it was where nothing is shipped."""
        ways = started["checkout"]["shippingMethods"]
        if not ways:
            return started
        return dict((await self.data(_SELECT, id=started["checkoutId"], quote=ways[0]["id"]))["checkoutShippingSelect"])

    async def buy(self, variant_id: str, quantity: int = 1) -> dict[str, Any]:
        """From cart to placed order; the payload of checkoutComplete, or that of checkoutStart where it was refused."""
        started = await self.start(await self.cart(variant_id, quantity))
        if started["errors"]:
            return started
        total = (await self.ship(started))["checkout"]["total"]
        done = await self.data(COMPLETE, id=started["checkoutId"], key=str(uuid.uuid4()), **total)
        return dict(done["checkoutComplete"])

    async def until_caught_up(self, seconds: float = 30) -> list[dict[str, Any]]:
        """Wait until every view has all of the log and none is being made; return what is told of them."""
        async with asyncio.timeout(seconds):
            while True:
                views = await self.views()
                if all(view["lagEvents"] == 0 and view["rebuild"] is None for view in views):
                    return views
                await asyncio.sleep(0.05)

    async def views(self) -> list[dict[str, Any]]:
        """How all views stand."""
        return list((await self.data(_VIEWS))["views"])

    async def view(self, name: str) -> dict[str, Any]:
        """How one view stands."""
        return next(view for view in await self.views() if view["name"] == name)

    @asynccontextmanager
    async def socket(self, cart_token: str | None = None) -> AsyncIterator["Socket"]:
        url = self.address.replace("http", "ws", 1) + "/graphql"
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
            said = {} if cart_token is None else {"payload": {"cartToken": cart_token}}
            await connection.send(json.dumps({"type": "connection_init", **said}))
            assert json.loads(await connection.recv())["type"] == "connection_ack"
            yield Socket(connection)


class Socket:
    """One graphql-transport-ws connection with one subscription at a time."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)

    async def subscribe(self, query: str, **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        message = {"id": str(next(self._numbers)), "type": "subscribe", "payload": payload}
        await self._connection.send(json.dumps(message))

    async def next(self, seconds: float = 10) -> Any:
        """The next message's only field."""
        message = json.loads(await asyncio.wait_for(self._connection.recv(), seconds))
        assert message["type"] == "next", message
        assert not message["payload"].get("errors"), message
        return next(iter(message["payload"]["data"].values()))
