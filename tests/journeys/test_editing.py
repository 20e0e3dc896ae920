"""Staff edit the shop while it sells: what they change is what buyers see, at the position that they are told."""

import uuid

import pytest

_ERRORS = "position errors { code path message }"
_MAKE = """mutation ($n: String!, $s: String!) { productCreate(input: {name: $n, variants: [{sku: $s,
  prices: [{price: {amount: "5.00", currency: "GBP"}}]}]}) { productId errors { message } } }"""


async def done(shop, mutation, **variables):
    """The payload of a mutation that must not be refused."""
    payload = next(iter((await shop.data(mutation, **variables)).values()))
    assert [] == payload["errors"]
    return payload


@pytest.fixture
async def goods(shop):
    """Given a warehouse of its own, and a published product with five of its only variant in it."""
    name = uuid.uuid4().hex
    channels = (await shop.data("{ channels { code currency } }"))["channels"]
    currency = next(one["currency"] for one in channels if one["code"] == "default")
    made = await done(shop, _MAKE.replace("GBP", currency), n=name, s=name)
    product_id = made["productId"]
    place = await done(
        shop,
        "mutation ($c: String!) { warehouseCreate(input: {code: $c, name: $c}) { warehouseId errors { message } } }",
        c=name,
    )
    await done(shop, "mutation ($p: ID!) { productPublish(id: $p) { errors { message } } }", p=product_id)
    received = await done(
        shop,
        """mutation ($w: ID!, $s: String!) { stockAdjust(input: {warehouseId: $w, reason: RECEIVED, idempotencyKey: $s,
           changes: [{sku: $s, delta: 5}]}) { errors { message } levels { variant { id } } } }""",
        w=place["warehouseId"],
        s=name,
    )
    variant_id = received["levels"][0]["variant"]["id"]
    return {"sku": name, "product": product_id, "warehouse": place["warehouseId"], "variant": variant_id, "currency": currency}


async def seen(shop, goods, position):
    query = """query ($p: ID!, $at: LogPosition) @atLeast(position: $at, timeoutMs: 10000) { product(id: $p) { status published
      inStock priceRange { min { amount } } variants { name availableQuantity discontinued maxQuantity } } }"""
    return (await shop.data(query, p=goods["product"], at=position))["product"]


async def test_goods_that_go_to_a_warehouse_that_does_not_sell_are_no_longer_for_sale(shop, goods):
    shut = await done(
        shop,
        """mutation ($c: String!) {
            warehouseCreate(input: {code: $c, name: $c, active: false}) { warehouseId errors { message } } }""",
        c=f"shut-{goods['sku']}",
    )
    moved = await done(
        shop,
        f"""mutation ($f: ID!, $t: ID!, $v: ID!) {{ stockTransfer(input: {{fromWarehouseId: $f, toWarehouseId: $t,
            idempotencyKey: "{uuid.uuid4()}", lines: [{{variantId: $v, quantity: 2}}]}}) {{
                {_ERRORS} levels {{ onHand }} }} }}""",
        f=goods["warehouse"],
        t=shut["warehouseId"],
        v=goods["variant"],
    )
    assert [3, 2] == [level["onHand"] for level in moved["levels"]]
    assert 3 == (await seen(shop, goods, moved["position"]))["variants"][0]["availableQuantity"]


async def test_a_warehouse_that_is_switched_off_sells_nothing_until_it_is_switched_on(shop, goods):
    switch = f"""mutation ($w: ID!, $on: Boolean) {{ warehouseUpdate(id: $w, input: {{active: $on}}) {{ {_ERRORS}
        warehouse {{ active }} }} }}"""
    available = []
    for on in (False, True):
        switched = await done(shop, switch, w=goods["warehouse"], on=on)
        assert on == switched["warehouse"]["active"]
        available.append((await seen(shop, goods, switched["position"]))["variants"][0]["availableQuantity"])
    assert [0, 5] == available


async def test_a_variant_is_described_priced_and_discontinued(shop, goods):
    described = await done(
        shop,
        f"""mutation ($v: ID!) {{ variantUpdate(id: $v, input: {{name: "Better", backorderable: true}}) {{ {_ERRORS}
            variant {{ name backorderable inStock }} }} }}""",
        v=goods["variant"],
    )
    assert {"name": "Better", "backorderable": True, "inStock": True} == described["variant"]
    priced = await done(
        shop,
        f"""mutation ($s: String!, $c: CurrencyCode!, $k: String!) {{ variantsSetPrices(input: {{idempotencyKey: $k,
            rows: [{{sku: $s, prices: [{{price: {{amount: "7.5", currency: $c}}}}]}}]}}) {{ {_ERRORS} variantIds }} }}""",
        s=goods["sku"],
        c=goods["currency"],
        k=str(uuid.uuid4()),
    )
    assert [goods["variant"]] == priced["variantIds"]
    assert "7.50" == (await seen(shop, goods, priced["position"]))["priceRange"]["min"]["amount"]
    ended = await done(
        shop,
        f"mutation ($v: ID!) {{ variantDiscontinue(id: $v) {{ {_ERRORS} variant {{ discontinued }} }} }}",
        v=goods["variant"],
    )
    shown = await seen(shop, goods, ended["position"])
    assert (True, 0, False, None) == (
        ended["variant"]["discontinued"], shown["variants"][0]["maxQuantity"], shown["inStock"], shown["priceRange"],
    )  # fmt: skip


async def test_what_cannot_be_cleared_is_refused_with_its_path(shop, goods):
    answer = await shop.data(
        f"mutation ($v: ID!) {{ variantUpdate(id: $v, input: {{name: null}}) {{ {_ERRORS} }} }}", v=goods["variant"]
    )
    (error,) = answer["variantUpdate"]["errors"]
    assert ("INVALID", ["input", "name"]) == (error["code"], error["path"])


async def test_an_archived_product_is_listed_nowhere(shop, goods):
    archived = await done(
        shop, f"mutation ($p: ID!) {{ productArchive(id: $p) {{ {_ERRORS} product {{ status }} }} }}", p=goods["product"]
    )
    assert ({"status": "ARCHIVED"}, False) == (
        archived["product"], (await seen(shop, goods, archived["position"]))["published"],
    )  # fmt: skip
    answer = await shop.data(f"mutation ($p: ID!) {{ productPublish(id: $p) {{ {_ERRORS} }} }}", p=goods["product"])
    assert "INVALID_TRANSITION" == answer["productPublish"]["errors"][0]["code"]


async def test_a_category_that_is_moved_takes_its_products_along(shop, goods):
    ids = []
    for name in ("a", "b"):
        made = await done(
            shop,
            "mutation ($n: String!) { categoryCreate(input: {name: $n, slug: $n}) { categoryId errors { message } } }",
            n=f"{name}-{goods['sku']}",
        )
        ids.append(made["categoryId"])
    await done(
        shop,
        "mutation ($p: ID!, $c: [ID!]) { productUpdate(id: $p, input: {categoryIds: $c}) { errors { message } } }",
        p=goods["product"],
        c=ids[1:],
    )
    move = f"""mutation ($c: ID!, $p: ID) {{ categoryUpdate(id: $c, input: {{parentId: $p, name: "Moved"}}) {{ {_ERRORS}
        category {{ name parent {{ productCount }} ancestors {{ id }} }} }} }}"""
    down = await done(shop, move, c=ids[1], p=ids[0])
    assert {"name": "Moved", "parent": {"productCount": 1}, "ancestors": [{"id": ids[0]}]} == down["category"]
    up = await done(shop, move, c=ids[1], p=None)
    assert {"name": "Moved", "parent": None, "ancestors": []} == up["category"]


async def test_levels_are_found_by_sku_without_case_and_by_no_other(shop, goods):
    query = """query ($s: [String!], $v: [ID!]) { stockLevels(skus: $s, variantIds: $v) {
      totalCount nodes { onHand variant { id } warehouse { id } } } }"""
    level = {"onHand": 5, "variant": {"id": goods["variant"]}, "warehouse": {"id": goods["warehouse"]}}
    found = await shop.data(query, s=[goods["sku"].upper(), "no such"])
    assert {"totalCount": 1, "nodes": [level]} == found["stockLevels"]
    for named in ({"s": ["no such"]}, {"s": []}, {"s": [goods["sku"]], "v": ["var_0"]}):
        assert {"totalCount": 0, "nodes": []} == (await shop.data(query, **named))["stockLevels"]
