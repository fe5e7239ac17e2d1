"""What is said of a run: values, and pure writers of them."""
