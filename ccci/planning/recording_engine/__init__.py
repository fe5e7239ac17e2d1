"""The Engine that COMMAND is given: it answers as Swarm does, records, and writes nothing."""
