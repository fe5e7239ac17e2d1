"""What a verb means, callable without a command line: options in, a report out."""
