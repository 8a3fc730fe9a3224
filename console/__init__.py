"""The web console for coders, billers and operations; a client of the gateway."""
