"""A proxy before PostgreSQL that cuts a connection at its COMMIT: before the server hears of it, or after it has answered."""

import asyncio
import shutil
import tempfile
from contextlib import asynccontextmanager

import sqlalchemy as sa

_SOCKET = ".s.PGSQL.5432"


class Proxy:
    """`cuts` holds what to do at the next COMMITs, first one first: "before" or "after", or None to let it pass."""

    def __init__(self, server):
        self._server = server
        self.cuts = []
        self.cut = 0

    async def serve(self, reader, writer):
        server_reader, server_writer = await asyncio.open_unix_connection(self._server)
        back = asyncio.create_task(_pass_on(server_reader, writer))
        try:
            await self._forward(reader, server_reader, server_writer, back)
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            for end in (writer, server_writer):
                end.close()

    async def _forward(self, reader, server_reader, server_writer, back):
        while said := await reader.read(65536):
            cut = self.cuts.pop(0) if b"COMMIT;" in said and self.cuts else None
            if cut is not None:
                self.cut += 1
            if cut == "before":
                return
            if cut == "after":
                back.cancel()
                await asyncio.gather(back, return_exceptions=True)
            server_writer.write(said)
            await server_writer.drain()
            if cut == "after":
                assert b"COMMIT" in await server_reader.read(65536)
                return


async def _pass_on(reader, writer):
    while told := await reader.read(65536):
        writer.write(told)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def proxy_before(address):
    """Yield (proxy, address): the same database, by way of the proxy."""
    url = sa.make_url(address)
    folder = tempfile.mkdtemp(prefix="cut-")
    proxy = Proxy(f"{url.query['host']}/{_SOCKET}")
    server = await asyncio.start_unix_server(proxy.serve, f"{folder}/{_SOCKET}")
    try:
        yield proxy, url.set(query={"host": folder}).render_as_string(hide_password=False)
    finally:
        server.close()
        shutil.rmtree(folder)
