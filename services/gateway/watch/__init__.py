"""Watch pages: what they say of what they play, and who is told when it changes."""
