"""The sweep: which recipes can be rolled back behind your back, and what to change."""
