"""Ids: a prefix that names the kind, then a UUIDv7 (RFC 9562), so ids read well in a log and sort by age."""

import os
import time

PREFIXES = {
    "product": "prod",
    "variant": "var",
    "category": "cat",
    "collection": "col",
    "warehouse": "wh",
    "adjustment": "adj",
    "transfer": "trf",
    "cart": "cart",
    "cart_line": "cl",
    "checkout": "chk",
    "shipping_method": "ship",
    "promotion": "promo",
    "order": "ord",
    "order_line": "ol",
    "payment": "pay",
    "ledger_entry": "led",
    "fulfillment": "ful",
    "return": "ret",
    "customer": "cus",
    "address": "addr",
    "review": "rev",
    "credit": "cred",
    "webhook": "hook",
    "event": "evt",
    "command": "cmd",
    "key": "key",
    "erasure": "era",
}


def uuid7(now_ns: int | None = None) -> str:
    """Return 32 hex digits: 48 bits of milliseconds, then version, variant and 74 random bits."""
    millis = (time.time_ns() if now_ns is None else now_ns) // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    high = (millis & (1 << 48) - 1) << 16 | 0x7000 | (noise >> 68) & 0xFFF
    low = 0b10 << 62 | noise & (1 << 62) - 1
    return f"{high:016x}{low:016x}"


def new(kind: str) -> str:
    """Make an id such as `prod_018f...`. An unknown kind is a KeyError."""
    return f"{PREFIXES[kind]}_{uuid7()}"


def prefix(identifier: str) -> str:
    """Return what stands before the first underscore: `prod_018f...` gives `prod`."""
    return identifier.partition("_")[0]


def channel(code: str) -> str:
    """Return the id of a channel's stream and document: channels are known by their code."""
    return f"chan_{code}"


def tax_rate(country: str, region: str | None) -> str:
    """Return the id of the tax rate of a country, or of a region of it; regions compare without case."""
    return f"tax_{country}" if region is None else f"tax_{country}_{region.casefold()}"


def sales_day(channel_code: str, day: str) -> str:
    """Return the id of one channel's figures of one UTC day (`YYYY-MM-DD`)."""
    return f"day_{channel_code}_{day}"
