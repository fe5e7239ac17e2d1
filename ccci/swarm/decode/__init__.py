"""The Engine's JSON made values: the only readers of raw JSON. Pure."""
