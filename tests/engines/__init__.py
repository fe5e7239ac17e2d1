"""`make engines`: the tests on a Swarm, on the engine of each Debian."""
