"""A receiver of webhooks: a real HTTP server that takes down what comes, and answers as a test tells it to."""

import asyncio
import json
from contextlib import asynccontextmanager

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def answer(status, *headers):
    return "\r\n".join([f"HTTP/1.1 {status} Said", *headers, "Content-Length: 0", "", ""]).encode()


class Request:
    """One request as it came."""

    def __init__(self, line, headers, body):
        self.method, self.path, _ = line.split(" ")
        self.headers, self.body = headers, body

    @property
    def event(self):
        return json.loads(self.body)

    @property
    def name(self):
        """The name in the event's data."""
        return self.event["data"]["name"]


class Receiver:
    """`says` gives the bytes to answer a request with, or None to never answer; `written` counts what the client took."""

    def __init__(self):
        self.requests = []
        self.said = []
        self.says = lambda _: OK
        self.hung_up = 0
        self._came = asyncio.Event()

    async def serve(self, reader, writer):
        try:
            request = await self._read(reader)
            self.requests.append(request)
            said = self.says(request)
            said = await said if asyncio.iscoroutine(said) else said
            self.said.append((request, said))
            self._came.set()
            if said is None:
                await reader.read()
                self.hung_up += 1
            else:
                writer.write(said)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up += 1
        finally:
            writer.close()

    async def until(self, count, seconds=30):
        """Wait until so many requests were answered."""
        async with asyncio.timeout(seconds):
            while len(self.said) < count:
                self._came.clear()
                await self._came.wait()

    def taken(self):
        """What was answered well, in order."""
        return [request for request, said in self.said if said is not None and said.startswith(b"HTTP/1.1 2")]

    @staticmethod
    async def _read(reader):
        line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest if one)}
        return Request(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))


@asynccontextmanager
async def receiving(tls=None):
    """Open a receiver on a free port: gives it and its port."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield receiver, server.sockets[0].getsockname()[1]
    finally:
        server.close()
