"""What is touched of this machine, one module each, and words for its terminals."""
