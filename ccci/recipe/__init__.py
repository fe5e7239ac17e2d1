"""A recipe: where it is, its commits and releases, its files and what they ask of a swarm."""
