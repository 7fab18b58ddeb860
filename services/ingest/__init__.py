"""The hub of live tags: accepts publishers, owns the session clock, serves FLV to the others."""
