"""What is asked of what runs, once a deploy was followed to its end."""
