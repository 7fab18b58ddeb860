"""The stream doctor: what is wrong with what a publisher sends, and why a picture is late."""
