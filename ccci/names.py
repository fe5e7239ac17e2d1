"""Names that several floors agree on, and how long Swarm lets the names of objects be. Pure."""

import re

OVERLAY = "compose.ccci.yml"
"""What an overlay of ours is called, wherever one lies."""

COMPOSE_YML, ENV_SAMPLE, ABRA_SH = "compose.yml", ".env.sample", "abra.sh"
"""A recipe's own files, by abra's conventions: the first where COMPOSE_FILE names no other."""

AUTO = "auto"
"""What leaves the choice to ccci, of a base and of a deployer."""

LONGEST_OBJECT_NAME = 64
"""Swarm refuses longer names of configs and secrets, the stack's name included.

swarmkit manager/controlapi/common.go, validateConfigOrSecretAnnotations.
"""

LONGEST_SERVICE_NAME = 63
"""And of services and networks (the same file, validateAnnotations)."""

SERVICE_NAME = re.compile(r"[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*")
"""What a service or a network may be called (the same)."""
