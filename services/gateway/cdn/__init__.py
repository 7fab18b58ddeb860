"""A content delivery network in front: what it is told to let through, and how it is known."""
