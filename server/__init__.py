"""How the shop is served: settings, processes, transport, duties, imports, command line. Nothing imports this room."""
