"""One file per verb: a Typer function, the documented signature, over a plain function."""
