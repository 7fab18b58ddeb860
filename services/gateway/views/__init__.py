"""Views over the segment log: what is played from rows instead of from the live edge."""
