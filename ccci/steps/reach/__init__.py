"""What a revision reaches beyond its own stack, and whose that is: known before it is deployed."""
