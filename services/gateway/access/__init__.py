"""Who calls the API, what they may do, and what they did."""
