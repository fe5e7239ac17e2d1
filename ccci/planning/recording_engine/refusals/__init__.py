"""What the Engine refuses of a write, as tables of its own rules. Pure."""
