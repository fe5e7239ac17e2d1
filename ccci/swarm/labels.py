"""The labels by which a stack's objects are found. Pure."""

STACK_LABEL = "com.docker.stack.namespace"
"""docker gives it to all that `stack deploy` makes (docker/cli, compose/convert/compose.go)."""

OURS_LABEL = "ccci.stack"
"""What ccci itself made for a stack (the `stack` deployer's secrets) carries this."""
