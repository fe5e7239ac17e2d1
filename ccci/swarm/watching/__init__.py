"""Looking at a stack while it changes: threads and time."""
