"""What is asked and said of a revision before anything of it is deployed."""
