"""From mutations to commands: each sends one that the bus knows, and no field of an input is lost on the way."""

import dataclasses
from typing import Any

import msgspec
import pytest
import strawberry

from reads.filters import AttributeFilter, Moments, Prices, ProductFilter, Texts
from reads.orders import OrderFilter
from schema import (
    addresses,
    carts,
    catalog,
    checkout,
    collections,
    fulfillment,
    listings,
    order_lists,
    orders,
    payments,
    product_edits,
    promotions,
    shipping,
    stock,
    taxes,
    webhooks,
    wheres,
)
from schema.inputs import cleared, command, given
from schema.money import MoneyInput
from schema.root import Mutation
from schema.scalars import CurrencyCode, Decimal
from shop import events
from writes import carts as cart_commands
from writes import catalog as catalog_commands
from writes import categories as category_commands
from writes import charging as charging_commands
from writes import checkout as checkout_commands
from writes import checkout_edits, completing, handlers
from writes import collections as collection_commands
from writes import fulfillment as fulfillment_commands
from writes import orders as order_commands
from writes import parcels as parcel_commands
from writes import prices as price_commands
from writes import promotions as promotion_commands
from writes import shipping as shipping_commands
from writes import stock as stock_commands
from writes import taxes as tax_commands
from writes import transfers as transfer_commands
from writes import variants as variant_commands
from writes import warehouses as warehouse_commands
from writes import webhooks as webhook_commands

FIELDS = {field.python_name: field for field in Mutation.__strawberry_definition__.fields}  # type: ignore[attr-defined]
ASKED = {"view_rebuild", "view_rollback", "parked_retry", "parked_skip"}  # of the workers: nothing is written to the log
MUTATIONS = {name: field for name, field in FIELDS.items() if name not in ASKED}

# What is made of what, and the fields that a mutation translates by hand.
MADE = [
    (catalog.CategoryInput, catalog_commands.CreateCategory, set()),
    (collections.CollectionInput, collection_commands.CreateCollection, set()),
    (collections.CollectionUpdateInput, collection_commands.UpdateCollection, set()),
    (catalog.CategoryUpdateInput, category_commands.UpdateCategory, set()),
    (catalog.MediaInput, events.Media, set()),
    (catalog.AttributeInput, events.Attribute, set()),
    (product_edits.ProductCreateInput, catalog_commands.CreateProduct, {"channels"}),
    (product_edits.ProductUpdateInput, catalog_commands.UpdateProduct, set()),
    (product_edits.ProductVariantInput, catalog_commands.VariantIn, set()),
    (product_edits.VariantCreateInput, catalog_commands.VariantIn, {"product_id"}),
    (product_edits.VariantUpdateInput, variant_commands.UpdateVariant, set()),
    (product_edits.VariantPricesRowInput, price_commands.VariantPrices, set()),
    (product_edits.VariantsSetPricesInput, price_commands.SetVariantsPrices, set()),
    (stock.WarehouseInput, stock_commands.CreateWarehouse, set()),
    (stock.WarehouseUpdateInput, warehouse_commands.UpdateWarehouse, set()),
    (stock.StockAdjustInput, stock_commands.AdjustStock, set()),
    (stock.StockTransferInput, transfer_commands.TransferStock, set()),
    (stock.StockChangeInput, stock_commands.StockChange, set()),
    (carts.CartLineInput, cart_commands.LineIn, set()),
    (carts.CartLineUpdateInput, cart_commands.LineChange, set()),
    (checkout.CheckoutStartInput, checkout_commands.StartCheckout, set()),
    (checkout.CheckoutCompleteInput, completing.CompleteCheckout, {"expected_total"}),
    (checkout.CheckoutUpdateInput, checkout_edits.UpdateCheckout, set()),
    (shipping.ShippingMethodInput, shipping_commands.CreateShippingMethod, set()),
    (shipping.ShippingMethodUpdateInput, shipping_commands.UpdateShippingMethod, set()),
    (promotions.PromotionInput, promotion_commands.CreatePromotion, set()),
    (promotions.PromotionUpdateInput, promotion_commands.UpdatePromotion, set()),
    (taxes.TaxRateInput, tax_commands.SetTaxRate, set()),
    (addresses.AddressInput, events.Address, set()),
    (orders.OrderUpdateInput, order_commands.UpdateOrder, set()),
    (orders.OrderCancelInput, order_commands.CancelOrder, set()),
    (orders.OrderLineStatusInput, fulfillment_commands.SetOrderLineStatus, set()),
    (payments.PaymentCaptureInput, charging_commands.CapturePayment, set()),
    (payments.PaymentRefundInput, charging_commands.RefundPayment, set()),
    (fulfillment.LineQuantityInput, events.LineQuantity, set()),
    (fulfillment.FulfillmentCreateInput, parcel_commands.CreateFulfillment, set()),
    (fulfillment.FulfillmentShipInput, parcel_commands.ShipFulfillment, set()),
    (fulfillment.FulfillmentShipInput, parcel_commands.SetFulfillmentTracking, set()),
    (webhooks.WebhookInput, webhook_commands.CreateWebhook, set()),
    (webhooks.WebhookUpdateInput, webhook_commands.UpdateWebhook, set()),
    (listings.ProductWhere, ProductFilter, set()),
    (listings.MoneyWhere, Prices, set()),
    (wheres.DateTimeWhere, Moments, set()),
    (wheres.StringWhere, Texts, set()),
    (listings.AttributeWhere, AttributeFilter, set()),
    (order_lists.OrderWhere, OrderFilter, set()),
]


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_sends_one_command_that_the_bus_knows(name: str) -> None:
    known = {command.__name__ for command in handlers.HANDLERS}

    used = set(MUTATIONS[name].base_resolver.wrapped_func.__code__.co_names)

    assert 1 == len(used & known)


def test_no_two_mutations_send_the_same_command() -> None:
    known = {command.__name__ for command in handlers.HANDLERS}

    used = [one for field in MUTATIONS.values() for one in field.base_resolver.wrapped_func.__code__.co_names if one in known]

    assert sorted(set(used)) == sorted(used)


@pytest.mark.parametrize(("data", "made", "by_hand"), MADE, ids=lambda value: getattr(value, "__name__", ""))
def test_no_field_of_an_input_is_lost(data: Any, made: type[msgspec.Struct], by_hand: set[str]) -> None:
    said = {field.name for field in dataclasses.fields(data)} - {"idempotency_key"} - by_hand

    assert set() == said - set(made.__struct_fields__)


def test_what_is_absent_or_null_keeps_the_commands_default() -> None:
    data = catalog.CategoryInput(name="Cups", slug=None, image=catalog.MediaInput(url="u", alt=None))

    made = command(catalog_commands.CreateCategory, data)

    assert catalog_commands.CreateCategory("Cups", image=events.Media("u")) == made


def test_nested_inputs_become_parts_of_the_command() -> None:
    data = stock.StockAdjustInput(
        idempotency_key="k",
        warehouse_id=strawberry.ID("wh_1"),
        reason=stock.StockReason.COUNT,
        changes=[stock.StockChangeInput(sku="A", counted_to=0)],
    )

    made = command(stock_commands.AdjustStock, data)

    assert stock_commands.AdjustStock("wh_1", "COUNT", [stock_commands.StockChange(sku="A", counted_to=0)]) == made


def test_what_is_said_beside_the_input_counts() -> None:
    data = orders.OrderCancelInput(idempotency_key="k", reason="late", refund=False)

    made = command(order_commands.CancelOrder, data, order_id="ord_1")

    assert order_commands.CancelOrder("ord_1", "late", refund=False) == made


def test_an_update_tells_null_from_absent() -> None:
    data = product_edits.ProductUpdateInput(description=None, tags=None, vendor="Clay & Co")

    assert ["description", "tags"] == cleared(data)
    assert {"vendor": "Clay & Co"} == given(data)


def test_a_price_goes_over_with_its_currencies() -> None:
    pounds = MoneyInput(amount=Decimal("3.50"), currency=CurrencyCode("GBP"))
    euros = MoneyInput(amount=Decimal("4"), currency=CurrencyCode("EUR"))
    data = product_edits.ProductVariantInput(
        sku="A", prices=[product_edits.VariantPriceInput(channel="uk", price=pounds, compare_at=euros)]
    )

    made = product_edits._variant(data)

    assert [variant_commands.PriceIn("uk", "3.50", "GBP", "4", "EUR")] == made.prices


def test_of_two_ways_to_name_numbers_both_must_hold() -> None:
    def numbers(**where: Any) -> list[str] | None:
        wanted = order_lists.order_filter(order_lists.OrderWhere(number=wheres.StringWhere(**where)))
        return None if wanted is None else wanted.number

    assert ["T1"] == numbers(eq="T1")
    assert ["T1", "T2"] == numbers(in_=["T1", "T2"])
    assert ["T2"] == numbers(eq="T2", in_=["T1", "T2"])
    assert [] == numbers(eq="T3", in_=["T1", "T2"])
    assert numbers() is None
