"""How a rollout is judged: observations in, verdicts out. Pure."""
