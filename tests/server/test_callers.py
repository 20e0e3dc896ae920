"""Who asks, and the key of the server: what a production server believes, and what only one of `--dev` does."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schema.proofs import Caller
from server.callers import DEV_CUSTOMER, DEV_STAFF, caller, told_on_connecting
from server.secret_key import secret_key
from server.settings import Settings

_CLAIMS = {DEV_CUSTOMER: "cus_1", DEV_STAFF: "yes", "authorization": "Bearer cus_1", "tradewind-cart-token": "t"}


def test_in_production_nobody_is_more_than_a_guest_whatever_the_headers_say() -> None:
    assert Caller(cart_token="t") == caller(_CLAIMS, dev=False)


def test_in_dev_mode_a_header_names_the_customer_and_another_says_staff() -> None:
    assert ("cus_1", True) == ((told := caller(_CLAIMS, dev=True)).customer_id, told.staff)
    assert Caller() == caller({}, dev=True)


def test_a_socket_says_its_cart_on_connecting_and_no_more_than_that() -> None:
    said = {"cartToken": "t", "customerId": "cus_1", "staff": True, "authorization": "cus_1"}
    assert Caller(cart_token="t") == told_on_connecting(Caller(), said)
    assert Caller() == told_on_connecting(Caller(), {"cartToken": ["t"]})


def test_a_folder_has_one_key_for_good_that_only_its_owner_reads(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")

    with ThreadPoolExecutor(8) as several:
        keys = set(several.map(lambda _: secret_key(settings), range(8)))

    assert {secret_key(settings)} == keys
    assert ["secret.key"] == [one.name for one in (tmp_path / "data").iterdir()]
    assert 0o600 == stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode)
    assert secret_key(Settings(data=tmp_path / "other")) not in keys


def test_an_operators_key_comes_first_and_a_short_one_is_refused(tmp_path: Path) -> None:
    assert b"k" * 32 == secret_key(Settings(data=tmp_path, secret_key="k" * 32))
    with pytest.raises(ValueError, match="TRADEWIND_SECRET_KEY has 3 characters"):
        secret_key(Settings(data=tmp_path, secret_key="abc"))
