"""The shared language of the house: events, views, the log, money, ids, time. Imports nothing of ours."""
