"""What was run, in a folder each."""
