"""Files that come to us: bodies become pieces in the store, and what is over is deleted there."""
