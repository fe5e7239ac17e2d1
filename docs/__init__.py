"""The documentation, and `docs.generate`, which writes its generated pages."""
