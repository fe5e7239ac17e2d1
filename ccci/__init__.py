"""Say whether the commit that was meant is the commit that runs on Docker Swarm, or why not."""
