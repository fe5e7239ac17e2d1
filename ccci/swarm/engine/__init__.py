"""The Docker Engine: connection, requests, errors."""
