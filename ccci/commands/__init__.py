"""One file per verb: its options, annotated on one function, over a plain action."""
