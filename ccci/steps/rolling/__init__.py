"""What a run rolls out: the base and its soak, the head, and a rollback rehearsed."""
