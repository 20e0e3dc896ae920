"""Payments and their ledger, as an order shows them."""

import datetime as dt
import enum

import strawberry

from schema.money import Money
from schema.nodes import Node


@strawberry.enum
class PaymentState(enum.StrEnum):
    CREATED = "CREATED"
    ACTION_REQUIRED = "ACTION_REQUIRED"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    VOIDED = "VOIDED"
    FAILED = "FAILED"


@strawberry.enum
class LedgerKind(enum.StrEnum):
    AUTHORIZE = "AUTHORIZE"
    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"
    CHARGEBACK = "CHARGEBACK"


@strawberry.enum
class LedgerOutcome(enum.StrEnum):
    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"


@strawberry.type
class LedgerEntry:
    id: strawberry.ID
    kind: LedgerKind
    outcome: LedgerOutcome
    amount: Money
    provider_ref: str | None
    at: dt.datetime
    message: str | None


@strawberry.type
class Payment(Node):
    provider: str
    state: PaymentState
    authorized: Money
    captured: Money
    refunded: Money
    ledger: list[LedgerEntry]
    decline_code: str | None
