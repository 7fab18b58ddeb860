"""The catalog: the only owner of the database. It turns facts into truth, and truth into jobs."""
