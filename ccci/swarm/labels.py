"""The labels by which a stack's objects are found. Pure."""

import shlex

STACK_LABEL = "com.docker.stack.namespace"
"""docker gives it to all that `stack deploy` makes (docker/cli, compose/convert/compose.go)."""

OURS_LABEL = "ccci.stack"
"""What ccci itself made for a stack (the `stack` deployer's secrets) carries this."""


def stack_to_paste(full_name: str, name: str) -> str:
    """Return a stack's name for a shell: docker puts it before that of a service of the stack."""
    own = full_name.endswith(f"_{name}")
    return shlex.quote(full_name.removesuffix(f"_{name}")) if own else "STACK"
