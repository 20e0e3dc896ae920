"""What happens to the payments of a random shop: late answers, buyers who come back, recovery, chargebacks."""

import datetime as dt
from typing import Any

from writes import chargebacks, payments, providers, recovery
from writes.checkout import ExpireCheckout
from writes.trial import Test

TOKENS = ["approve", "approve", "decline", "action", "action", "late", "twice"]


class Late(Test):
    """A provider that answers when the checkout's time is over: the money comes for an order that is gone."""

    def __init__(self, shop: Any) -> None:
        super().__init__()
        self._shop = shop

    async def perform(self, call: providers.ProviderCall) -> providers.ProviderResult:
        if call.kind in {"AUTHORIZE", "CAPTURE"}:
            self._shop.now += dt.timedelta(minutes=11)
            checkout_id = self._shop.value(f"SELECT checkout_id FROM orders WHERE id = '{call.order_id}'")
            await self._shop.bus.send(ExpireCheckout(checkout_id))
        return await super().perform(call)


class Silent(Test):
    """Answers too late where it should answer, and has done it all the same, or has not; a charge it never tells of."""

    def __init__(self, shop: Any) -> None:
        super().__init__()
        self._shop = shop

    async def perform(self, call: providers.ProviderCall) -> providers.ProviderResult:
        if self._shop.chance(0.5):
            await super().perform(call)
        raise TimeoutError

    async def ask(self, call: providers.ProviderCall) -> providers.ProviderResult | None:
        return providers.ProviderResult(None) if self._shop.chance(0.3) else await super().ask(call)


class Payments:
    """Draws commands as RandomShop does."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop

    def ways(self) -> dict[str, Test]:
        return {"test": Test(), "late": Late(self.shop), "silent": Silent(self.shop)}

    def draws(self) -> list[tuple[Any, int]]:
        """Of what the shop itself draws more too: there must be payments for something to happen to them."""
        shop = self.shop
        return [
            (self.tell_again, 1), (self.go_on, 24), (self.recover, 12), (self.charge_back, 1),
            (shop.receive, 5), (shop.start_checkout, 6), (shop.complete_checkout, 16), (shop.cancel_checkout, 1),
            (shop.void, 3), (shop.charge, 6), (shop.pack, 6), (shop.move_parcel, 10),
        ]  # fmt: skip

    def tell_again(self) -> Any:
        """A provider tells of what is settled: the same, or that money moved after all."""
        row = self.shop.one("""SELECT p.order_id, p.id, e.id AS entry_id FROM ledger_entries e JOIN payments p
                               ON p.id = e.payment_id WHERE e.outcome <> 'PENDING' AND e.kind <> 'CHARGEBACK'""")
        result = providers.ProviderResult(self.shop.chance(0.8), reference=row and row.entry_id)
        return row and payments.RecordPaymentResult(row.order_id, row.id, row.entry_id, result)

    def go_on(self) -> Any:
        state = self.shop.random.choice([*["ACTION_REQUIRED"] * 6, "FAILED", "AUTHORIZED"])
        row = self.shop.one(f"SELECT id FROM payments WHERE state = '{state}'")
        return row and recovery.ContinuePayment(row.id, self.shop.random.choice([None, {"approved": False}]))

    def recover(self) -> Any:
        row = self.shop.one("SELECT entry_id FROM payment_claims")
        if row is not None:
            self.shop.now += dt.timedelta(seconds=self.shop.random.choice([0, 30, 30, 86_400]))
        return row and recovery.RecoverPayment(row.entry_id)

    def charge_back(self) -> Any:
        row = self.shop.one("SELECT id, order_id, captured FROM payments WHERE captured > 0")
        reference = f"dispute_{self.shop.random.randint(1, 9)}"
        return row and chargebacks.RecordChargeback(row.order_id, row.id, reference, min(row.captured, 100), "stolen")
