"""What a command line may hold and what one asks for: declarations, reading, help. Pure."""
