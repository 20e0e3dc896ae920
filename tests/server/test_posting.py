"""One delivery: to the address that was checked, whatever its name says later; no redirects, bounds of bytes and of time."""

import asyncio
import datetime as dt
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server import posting
from server.posting import NotDeliveredError, Poster
from tests.server.receiver import OK, answer, receiving

PUBLIC, LOCAL = "93.184.215.14", "127.0.0.1"


@pytest.fixture
async def receiver():
    async with receiving() as (one, port):
        one.url = f"http://hooks.example.org:{port}/hook"
        yield one


@pytest.fixture
async def poster():
    """It may go to the own network; each name leads there."""
    one = Poster(private=True, seconds=1, resolve=leads_to(LOCAL))
    yield one
    await one.close()


def leads_to(*addresses):
    """A resolver whose answers change: one address each time, the last for ever; a list is several at once."""
    answers = list(addresses)

    async def resolve(_host, _port):
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if found is None:
            raise OSError("no such name")
        return found if isinstance(found, list) else [found]

    return resolve


async def fails(poster, url):
    with pytest.raises(NotDeliveredError) as failed:
        await poster.post(url, {}, b"{}")
    return str(failed.value)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_status_of_success_is_taken(receiver, poster, status):
    receiver.says = lambda _: answer(status)

    await poster.post(receiver.url, {"a": "b"}, b'{"c":1}')

    [request] = receiver.requests
    assert ("POST", "/hook", b'{"c":1}', "b") == (request.method, request.path, request.body, request.headers["a"])
    assert receiver.url.split("/")[2] == request.headers["host"]


@pytest.mark.parametrize("status", [300, 400, 404, 410, 429, 500, 503])
async def test_any_other_is_not(receiver, poster, status):
    receiver.says = lambda _: answer(status)

    assert f"answered {status}" in await fails(poster, receiver.url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(receiver, poster, status):
    async with receiving() as (elsewhere, port):
        receiver.says = lambda _: answer(status, f"Location: http://127.0.0.1:{port}/")

        assert f"answered {status}: redirects are not followed" == await fails(poster, receiver.url)

        assert [] == elsewhere.requests


async def test_an_answer_without_end_is_left_after_64_kilobytes(receiver, poster):
    written = []

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
                await writer.drain()
                written.append(4096)
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, LOCAL, 0)
    await poster.post(f"http://hooks.example.org:{server.sockets[0].getsockname()[1]}/", {}, b"{}")
    await asyncio.sleep(0.05)
    server.close()

    assert posting._MOST_BYTES * 0.9 < sum(written) < posting._MOST_BYTES * 1.5


async def test_one_that_never_answers_is_left_when_the_time_is_over(receiver, poster):
    receiver.says = lambda _: None
    began = time.monotonic()

    assert "no answer within 1 s" == await fails(poster, receiver.url)

    assert 0.9 < time.monotonic() - began < 5
    await asyncio.sleep(0.05)
    assert 1 == receiver.hung_up


async def test_headers_that_drip_do_not_stretch_the_time(poster):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        try:
            for byte in b"HTTP/1.1 200 OK\r\n" * 10:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.2)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, LOCAL, 0)
    began = time.monotonic()
    told = await fails(poster, f"http://hooks.example.org:{server.sockets[0].getsockname()[1]}/")
    server.close()

    assert ("no answer within 1 s", True) == (told, time.monotonic() - began < 5)


async def test_nobody_there_is_told(poster):
    assert "no answer" in await fails(poster, "http://hooks.example.org:1/")


async def test_a_name_that_leads_elsewhere_later_is_refused_then(receiver):
    """DNS rebinding: public when it was looked at, the own machine when it is used."""
    one = Poster(seconds=1, resolve=leads_to(PUBLIC, LOCAL))
    url = receiver.url.replace("http:", "https:")

    assert await one.problem(url) is None
    assert "hooks.example.org leads to 127.0.0.1, which is no public address" == await fails(one, url)

    assert [] == receiver.requests
    await one.close()


async def test_the_connection_goes_to_the_address_that_was_checked(receiver, poster):
    """The system would not find this name at all: only the address that the resolver gave can have been used."""
    await poster.post(receiver.url.replace("hooks.example.org", "no-such-name.invalid"), {}, b"{}")

    [request] = receiver.requests
    assert request.headers["host"].startswith("no-such-name.invalid:")


@pytest.mark.parametrize(
    "addresses",
    [
        [LOCAL], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["fe80::1%eth0"],
        [PUBLIC, LOCAL], ["224.0.0.1"],
    ],
)  # fmt: skip
async def test_a_name_that_leads_to_any_address_of_the_own_network_is_refused(addresses):
    one = Poster(seconds=1, resolve=leads_to(addresses))

    assert "no public address" in (await one.problem("https://hooks.example.org/") or "")
    assert "no public address" in await fails(one, "https://hooks.example.org/")
    await one.close()


async def test_a_name_that_is_not_known_is_told(receiver):
    one = Poster(private=True, seconds=1, resolve=leads_to(None))

    assert "the name hooks.example.org is not known" == await one.problem(receiver.url)
    assert "the name hooks.example.org is not known" == await fails(one, receiver.url)
    await one.close()


@pytest.mark.parametrize("url", ["https://2130706433/", "https://0177.0.0.1/", "https://127.1/", "https://user@example.org/"])
async def test_an_address_in_disguise_is_refused_at_the_delivery_too(url):
    one = Poster(seconds=1, resolve=leads_to(PUBLIC))

    assert await one.problem(url)
    assert await fails(one, url)
    await one.close()


async def test_the_next_address_is_tried_where_the_first_takes_no_connection(receiver):
    one = Poster(private=True, seconds=2, resolve=leads_to(["::1", LOCAL]))

    await one.post(receiver.url, {}, b"{}")

    assert 1 == len(receiver.requests)
    await one.close()


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """A server's and a client's TLS: a certificate for hooks.example.org, and no other name or address."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.org")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


async def test_over_tls_the_name_is_said_and_checked_though_the_address_is_used(certified):
    server, client = certified
    asked = []
    server.sni_callback = lambda _socket, name, _context: asked.append(name)
    one = Poster(private=True, seconds=2, resolve=leads_to(LOCAL), tls=client)
    async with receiving(server) as (receiver, port):
        await one.post(f"https://hooks.example.org:{port}/", {}, b"{}")
        told = await fails(one, f"https://other.example.org:{port}/")

    assert ["hooks.example.org", "other.example.org"] == asked
    assert "certificate" in told
    assert [OK] == [said for _, said in receiver.said]
    await one.close()
