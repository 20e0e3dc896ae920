"""The query side: answers from the views in Redis, in as few round trips as possible. Never reaches SQL."""
