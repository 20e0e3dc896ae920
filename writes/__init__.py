"""The command side: decides on normalized tables and appends events in the same transaction. Never reads a view."""
