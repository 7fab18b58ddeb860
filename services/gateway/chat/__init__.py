"""What viewers say to each other beside a stream."""
