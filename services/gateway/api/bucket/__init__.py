"""A bucket of S3, as far as the replaced system's players know it: presigned GETs of recordings."""

from services.gateway.api.bucket.objects import router_of

__all__ = ["router_of"]
