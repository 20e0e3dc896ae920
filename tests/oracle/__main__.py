"""`python -m tests.oracle DATA_FOLDER`: prints what the views of a data folder show wrong. Its server must run, and rest."""

import sys
import time
from pathlib import Path

import redis
import sqlalchemy as sa

from server import redis_server
from shop import views
from shop.views import Keys
from tests.oracle import differences


def main() -> int:
    """Return 1 if there is any difference."""
    if len(sys.argv) != 2 or not (file := Path(sys.argv[1]).absolute() / "tradewind.db").exists():
        print("usage: python -m tests.oracle DATA_FOLDER", file=sys.stderr)
        return 2
    began = time.monotonic()
    engine = sa.create_engine(f"sqlite:///file:{file}?mode=ro&uri=true")
    client = redis.Redis.from_url(redis_server.url(file.parent))
    wrong = differences(engine, client, Keys(int(client.hget(views.LAYOUT, "segments") or 1)))
    for line in wrong:
        print(line)
    print(f"{len(wrong)} differences, {time.monotonic() - began:.1f} s", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
