"""INSERT that minds what is there already, for every database of ours. The one place that imports it.

SQLite took ON CONFLICT over from PostgreSQL word for word, so SQLAlchemy's construct of the one is written for the other too.
"""

from sqlalchemy.dialects.postgresql import insert

__all__ = ["insert"]
