"""Fifty writers in a process of their own: `python -m tests.journeys.load ADDRESS COMMANDS_A_SECOND`, until killed."""

import asyncio
import sys

from tests.journeys.client import Shop

WRITERS = 50


async def main(address: str, a_second: float) -> None:
    """Each writer makes carts and changes them at its share of the rate; progress goes to standard output."""
    shop = Shop(address)
    variant = await shop.a_variant()
    done = 0

    async def write() -> None:
        nonlocal done
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await shop.cart(variant["id"])
            done += 1
            due += WRITERS / a_second
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def tell() -> None:
        while True:
            await asyncio.sleep(1)
            print(done, flush=True)

    await asyncio.gather(tell(), *(write() for _ in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
