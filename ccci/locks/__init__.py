"""One lock per app, on this host and on the swarm."""
