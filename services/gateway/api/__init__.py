"""The HTTP API and the pages: everything on the public port that is not media."""
