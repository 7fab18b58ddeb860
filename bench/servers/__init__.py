"""What is measured: Weir, its peers, and the limits, each started on core 0."""
