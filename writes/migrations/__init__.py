"""The schema's history. Each revision says what it does in full and never looks at today's tables."""
