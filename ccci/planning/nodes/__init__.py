"""Where the tasks of a plan find a node, and how they replace each other. Pure."""
