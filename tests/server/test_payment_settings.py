"""Which ways to pay are open: none unless named, each where it is named, and the one that moves no money nowhere by mistake."""

import pytest

from server.parts import providers
from server.settings import Settings
from server.small_files import SmallFiles
from writes.providers import ProviderCall
from writes.trial import Test

CALL = ProviderCall("test", "led_1", "pay_1", "ord_1", "AUTHORIZE", 100, "GBP", token="approve")


def settings(tmp_path, **said):
    return Settings(_env_file=None, data=tmp_path, **said)


def test_in_production_no_way_to_pay_is_open_until_it_is_named(tmp_path):
    assert {} == providers(settings(tmp_path))
    assert ["manual"] == [*providers(settings(tmp_path, payment_providers=["manual"]))]


def test_in_dev_mode_both_that_ship_are_open_everywhere(tmp_path):
    one = settings(tmp_path, dev=True)
    assert (["manual", "test"], None) == ([*providers(one)], one.open_in())


@pytest.mark.parametrize("named", [["test"], {"uk": ["manual", "test"]}])
def test_the_test_provider_is_not_open_in_production_unless_that_is_said(tmp_path, named):
    with pytest.raises(ValueError, match="TRADEWIND_ALLOW_TEST_PROVIDER"):
        providers(settings(tmp_path, payment_providers=named))
    assert "test" in providers(settings(tmp_path, payment_providers=named, allow_test_provider=True))


def test_each_channel_has_the_ways_that_are_named_for_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TRADEWIND_PAYMENT_PROVIDERS", '{"uk": ["manual"], "de": ["manual", "test"]}')
    one = settings(tmp_path, allow_test_provider=True)
    assert (["manual", "test"], ["manual"]) == ([*providers(one)], one.open_in()["uk"])


def test_a_provider_that_nobody_knows_is_named_in_the_error(tmp_path):
    with pytest.raises(ValueError, match="'stripes': name some of manual, test"):
        providers(settings(tmp_path, payment_providers=["stripes"]))


def test_goods_leave_before_their_money_only_where_that_is_set(tmp_path):
    for said in (False, True):
        one = settings(tmp_path, payment_providers=["manual"], manual_ship_before_payment=said)
        assert said is providers(one)["manual"].ship_before_payment


async def test_the_test_provider_remembers_in_another_process_what_it_did(tmp_path):
    banks = [Test(SmallFiles(tmp_path / "deeds"), SmallFiles(tmp_path / "webhooks")) for _ in range(2)]
    assert None is await banks[1].ask(CALL)
    done = await banks[0].perform(CALL)
    assert done == await banks[1].ask(CALL) == await banks[1].perform(CALL)
    assert ["led_1"] == list(SmallFiles(tmp_path / "deeds"))


def test_what_is_not_in_a_folder_of_small_files_is_a_key_error(tmp_path):
    files = SmallFiles(tmp_path / "none yet")
    assert ([], 0) == (list(files), len(files))
    files["a"] = b"1"
    del files["a"]
    for act in (files.__getitem__, files.__delitem__):
        with pytest.raises(KeyError, match="a"):
            act("a")
