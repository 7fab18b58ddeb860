"""Where uploaded pictures lie in the store."""


def image_key(tenant: str, image: str) -> str:
    """`image`: SHA-256 of the file, in hex."""
    return f"images/{tenant}/{image}"
