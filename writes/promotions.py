"""Promotions: codes that take something off, for a while, so many times, from a sum on. Carts have them applied in `codes`."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from shop import clock, events, ids, money
from shop.money import Money
from shop.pricing import Code, percent
from writes import price_tables as p
from writes.naming import named
from writes.refusals import Invalid, NotAllowedFrom, NotFound, Path, Taken
from writes.taxes import percentage
from writes.work import Done, Work

KINDS = ("PERCENTAGE", "FIXED_AMOUNT", "FREE_SHIPPING")
_LONGEST_CODE = 60


class CreatePromotion(msgspec.Struct, frozen=True):
    """`percentage` is of what is left of the goods, 0 to 100; `amount` and `minimum_subtotal` are in one currency."""

    code: str
    name: str
    kind: str
    percentage: str | None = None
    amount: Money | None = None
    minimum_subtotal: Money | None = None
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    usage_limit: int | None = None
    once_per_customer: bool = False


class UpdatePromotion(msgspec.Struct, frozen=True):
    """What is left out stays as it is, what is None is gone."""

    promotion_id: str
    expected_version: int | None = None
    code: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    percentage: str | UnsetType | None = UNSET
    amount: Money | UnsetType | None = UNSET
    minimum_subtotal: Money | UnsetType | None = UNSET
    starts_at: dt.datetime | UnsetType | None = UNSET
    ends_at: dt.datetime | UnsetType | None = UNSET
    usage_limit: int | UnsetType | None = UNSET
    once_per_customer: bool | UnsetType = UNSET


class DeactivatePromotion(msgspec.Struct, frozen=True):
    promotion_id: str


def create_promotion(work: Work, command: CreatePromotion) -> Done:
    promotion_id = ids.new("promotion")
    row = _checked({name: getattr(command, name) for name in _FIELDS}, dict.fromkeys(_FIELDS))
    work.add(p.promotions, {"id": promotion_id, "used": 0, "active": True, **row})
    _take_code(work, promotion_id, row["code"])
    return Done([events.PromotionDefined(promotion_id=promotion_id, **row)], {"promotion_id": promotion_id})


def update_promotion(work: Work, command: UpdatePromotion) -> Done:
    promotion = _active(work, command.promotion_id)
    work.expect(promotion.id, command.expected_version)
    was = {name: getattr(promotion, name) for name in (*_FIELDS, "currency")}
    row = _checked({name: getattr(command, name) for name in _FIELDS if getattr(command, name) is not UNSET}, was)
    if row == was:
        return Done([], {"promotion_id": promotion.id})
    if row["usage_limit"] is not None and row["usage_limit"] < promotion.used:
        raise Invalid(f"It was used {promotion.used} times already.", ["input", "usageLimit"])
    if row["code"].casefold() != promotion.code.casefold():
        _take_code(work, promotion.id, row["code"])
        work.do(sa.delete(p.promotion_codes).where(p.promotion_codes.c.code_folded == promotion.code.casefold()))
    work.do(sa.update(p.promotions).where(p.promotions.c.id == promotion.id).values(**row))
    defined = events.PromotionDefined(promotion_id=promotion.id, used=promotion.used, **row)
    return Done([defined], {"promotion_id": promotion.id})


def deactivate_promotion(work: Work, command: DeactivatePromotion) -> Done:
    promotion = _active(work, command.promotion_id)
    work.do(sa.update(p.promotions).where(p.promotions.c.id == promotion.id).values(active=False))
    return Done([events.PromotionDeactivated(promotion_id=promotion.id)], {"promotion_id": promotion.id})


def codes_of(work: Work, cart_id: str, customer_id: str | None, currency: str) -> list[Code]:
    """The codes of a cart as they stand now, each with what speaks against it whatever is bought."""
    columns = p.promotions.c
    applied = sa.select(p.promotions).join(p.cart_codes, p.cart_codes.c.promotion_id == columns.id)
    rows = work.all(applied.where(p.cart_codes.c.cart_id == cart_id).order_by(columns.id))
    return [standing(work, row, customer_id, currency) for row in rows]


def hold(work: Work, cart_id: str) -> None:
    """Hold the promotions of a cart, in the order of their ids: until this transaction ends nobody else uses one up."""
    applied = sa.select(p.cart_codes.c.promotion_id).where(p.cart_codes.c.cart_id == cart_id)
    columns = p.promotions.c
    work.all(sa.select(columns.id).where(columns.id.in_(applied)).order_by(columns.id).with_for_update(key_share=True))


def standing(work: Work, row: Any, customer_id: str | None, currency: str) -> Code:
    """A promotion as a code, with what speaks against it."""
    rate = 0 if row.percentage is None else percentage(row.percentage, [])
    problem = "UNKNOWN" if row.currency not in {None, currency} else _problem(work, row, customer_id)
    about = (row.id, row.code, row.name, row.kind, rate)
    return Code(*about, row.amount or 0, row.minimum_subtotal or 0, problem)


def _problem(work: Work, row: Any, customer_id: str | None) -> str | None:
    """The first that speaks against a promotion: a code of another currency is unknown here, a deactivated one has ended."""
    if row.starts_at is not None and row.starts_at > work.at:
        return "NOT_STARTED"
    if not row.active or (row.ends_at is not None and row.ends_at <= work.at):
        return "EXPIRED"
    if row.usage_limit is not None and row.used >= row.usage_limit:
        return "USED_UP"
    if row.once_per_customer:
        return "SIGN_IN_REQUIRED" if customer_id is None else _used_by(work, row.id, customer_id)
    return None


def _used_by(work: Work, promotion_id: str, customer_id: str) -> str | None:
    columns = p.promotion_uses.c
    mine = sa.select(columns.order_id).where(columns.promotion_id == promotion_id, columns.customer_id == customer_id)
    return None if work.connection.scalar(mine.limit(1)) is None else "USED_UP"


_FIELDS = (
    "code", "name", "kind", "percentage", "amount", "minimum_subtotal", "starts_at", "ends_at", "usage_limit",
    "once_per_customer",
)  # fmt: skip


def _checked(given: dict[str, Any], was: dict[str, Any]) -> dict[str, Any]:
    """The row that a promotion becomes by what was given of it, or a refusal."""
    row = {"currency": None, **was, **given}
    row["name"], row["code"] = named(row["name"]), _code(row["code"])
    for name in ("starts_at", "ends_at"):
        if isinstance(row[name], dt.datetime):
            row[name] = clock.text(row[name])
    if row["starts_at"] is not None and row["ends_at"] is not None and row["ends_at"] <= row["starts_at"]:
        raise Invalid("It ends after it starts.", ["input", "endsAt"])
    if row["usage_limit"] is not None and row["usage_limit"] < 1:
        raise Invalid("A limit is one use at least.", ["input", "usageLimit"])
    _check_gift(row)
    return row | _amounts(row)


def _check_gift(row: dict[str, Any]) -> None:
    """A kind has what it gives, and nothing else."""
    if row["kind"] not in KINDS:
        raise Invalid(f"{row['kind']!r} is no kind of promotion.", ["input", "kind"])
    for kind, field in (("PERCENTAGE", "percentage"), ("FIXED_AMOUNT", "amount")):
        if (row["kind"] == kind) != (row[field] is not None):
            needs = "needs a" if row["kind"] == kind else "has no"
            raise Invalid(f"A promotion of the kind {row['kind']} {needs} {field}.", ["input", field])
    if row["percentage"] is not None:
        row["percentage"] = percent(percentage(row["percentage"], ["input", "percentage"]))


def _amounts(row: dict[str, Any]) -> dict[str, Any]:
    """Both amounts in the smallest units of their one currency."""
    given = {name: row[name] for name in ("amount", "minimum_subtotal")}
    kept = {row["currency"] for value in given.values() if isinstance(value, int)}
    currencies = kept | {value.currency for value in given.values() if isinstance(value, Money)}
    path: Path = ["input", "amount" if isinstance(given["amount"], Money) else "minimumSubtotal"]
    if len(currencies) > 1:
        raise Invalid("Amount and minimum are in one currency.", [*path, "currency"])
    units = {
        name: _units(value, ["input", shown, "amount"]) for (name, value), shown in zip(given.items(), _SHOWN, strict=True)
    }
    return {**units, "currency": currencies.pop() if currencies else None}


_SHOWN = ("amount", "minimumSubtotal")


def _units(value: Money | int | None, path: Path) -> int | None:
    if not isinstance(value, Money):
        return value
    try:
        amount = money.minor(value.amount, value.currency)
    except ValueError as error:
        raise Invalid(f"{error}.", path) from None
    if amount <= 0:
        raise Invalid("It is more than nothing.", path)
    return amount


def _code(given: str) -> str:
    code = given.strip()
    if not code or len(code) > _LONGEST_CODE or not code.isprintable():
        raise Invalid(f"A code has 1 to {_LONGEST_CODE} characters.", ["input", "code"])
    return code


def _take_code(work: Work, promotion_id: str, code: str) -> None:
    """Codes compare without case."""
    if not work.added(p.promotion_codes, {"code_folded": code.casefold(), "promotion_id": promotion_id}):
        raise Taken(f"The code {code} belongs to another promotion.", ["input", "code"])


def _active(work: Work, promotion_id: str) -> Any:
    promotion = work.one(p.promotions, promotion_id)
    if promotion is None:
        raise NotFound(f"There is no promotion {promotion_id}.", ["id"])
    if not promotion.active:
        raise NotAllowedFrom("The promotion", "INACTIVE", [], ["id"])
    return promotion


def found(work: Work, code: str) -> Sequence[Any]:
    """The promotion that goes by a code, as a list of one or none."""
    columns = p.promotion_codes.c
    named_so = sa.select(p.promotions).join(p.promotion_codes, columns.promotion_id == p.promotions.c.id)
    return work.all(named_so.where(columns.code_folded == code.strip().casefold()))
