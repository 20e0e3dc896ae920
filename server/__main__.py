"""`python -m server` is the command line: how the supervisor starts its children."""

from server.cli import main

main()
