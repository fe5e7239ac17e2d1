"""Watching a Swarm rollout and judging it."""
