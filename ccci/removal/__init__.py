"""What runs left on a swarm, whose it is, and how it is removed."""
