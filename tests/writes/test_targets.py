"""Where webhooks may go: https, to what all the world may reach; every disguise of another address is seen through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from writes.refusals import Invalid
from writes.targets import Target, is_public, target

GOOD = [
    ("https://example.org/hook", Target("https", "example.org", 443, "/hook")),
    ("https://Example.ORG.", Target("https", "example.org", 443, "/")),
    ("https://example.org:8443/a/b?c=d&e", Target("https", "example.org", 8443, "/a/b?c=d&e")),
    ("https://xn--bcher-kva.example/%C3%BC", Target("https", "xn--bcher-kva.example", 443, "/%C3%BC")),
    ("https://93.184.215.14/", Target("https", "93.184.215.14", 443, "/")),
    ("https://[2606:2800:21f::1]:8443/", Target("https", "2606:2800:21f::1", 8443, "/")),
]
BAD = [
    "http://example.org/", "ftp://example.org/", "example.org", "https://", "https:///hook", "", "javascript:alert(1)",
    "https://user:password@example.org/", "https://user@example.org/", "https://example.org@127.0.0.1/",
    "https://example.org/#fragment", "https://example.org\\@127.0.0.1/", "https://example.org /", "https://exam\nple.org/",
    "https://bücher.example/", "https://example.org:0/", "https://example.org:99999/", "https://example.org:x/", "https://[::1",
    "https://-example.org/", "https://exa_mple.o_rg/", "https://a..b/", "https://" + "a" * 64 + ".org/",
    "https://example.org/" + "a" * 2_000,
]  # fmt: skip
HIDDEN = [
    "https://127.0.0.1/", "https://10.1.2.3/", "https://172.16.0.1/", "https://192.168.1.1/", "https://169.254.169.254/",
    "https://0.0.0.0/", "https://100.64.0.1/", "https://224.0.0.1/", "https://255.255.255.255/", "https://240.0.0.1/",
    "https://2130706433/", "https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://127.1/", "https://127.0.0.1./",
    "https://[::1]/", "https://[::]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fc00::1]/", "https://[ff02::1]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[64:ff9b::127.0.0.1]/",
    "https://[2002:7f00:1::]/", "https://[2001:0:7f00:1::]/", "https://[2001:db8::1]/",
]  # fmt: skip


@pytest.mark.parametrize(("url", "read"), GOOD)
def test_a_public_place_is_read_once(url, read):
    assert read == target(url, private=False)


@pytest.mark.parametrize("url", BAD + HIDDEN)
def test_any_other_place_is_refused(url):
    with pytest.raises(Invalid) as refused:
        target(url, private=False)

    assert ["input", "url"] == refused.value.path


@pytest.mark.parametrize("url", ["http://localhost:8080/", "https://127.0.0.1/", "http://[::1]:9/", "http://hooks/"])
def test_a_setting_allows_the_own_network(url):
    assert target(url, private=True)


@pytest.mark.parametrize("url", [url for url in BAD if not url.startswith("http:")] + ["https://2130706433/"])
def test_but_no_other_form(url):
    with pytest.raises(Invalid):
        target(url, private=True)


def test_a_request_names_the_port_where_it_is_not_the_usual_one():
    assert ["example.org", "example.org:8443", "[2606::1]:8443"] == [
        target(url, private=False).authority
        for url in ("https://example.org:443/", "https://example.org:8443/", "https://[2606::1]:8443/")
    ]


@given(st.ip_addresses(v=4))
def test_an_address_is_public_only_where_its_registry_says_so(address):
    assert is_public(str(address)) <= (address.is_global and not address.is_multicast)


@given(st.ip_addresses(v=4))
def test_no_address_in_another_form_is_public(address):
    assert not is_public(f"::ffff:{address}")
    assert not is_public(f"64:ff9b::{address}")
