"""What `weir up` prints once it is ready."""

from libs.launcher.house import House


def show(house: House) -> None:
    print(text(house), flush=True)


def text(house: House) -> str:
    """Where everything is, and a line to paste into a shell."""
    credentials = house.credentials
    where = house.data_dir / "credentials.json"
    urls = house.public_urls()
    pushes = "\n  or        ".join(
        f"{urls[name]}/stream/<id>?sign=<key>"
        for name in ("WEIR_RTMP_PUBLIC_URL", "WEIR_RTMPS_PUBLIC_URL")
        if name in urls
    )
    return f"""
Weir is ready.

  Console   {urls["WEIR_PUBLIC_URL"]}/   (user {credentials.admin_user}; password in {where})
  API       {urls["WEIR_PUBLIC_URL"]}/docs
  Push to   {pushes}

Make a stream and get its push URL:

  curl -s -H "x-api-key: {credentials.api_key}" -H "Content-Type: application/json" \\
       -d '{{"item":{{"name":"First light"}}}}' {house.http_url}/api/v1/streams

Ctrl-C stops Weir; its data stays in {house.data_dir}.
"""


def playback_lines(url: str, stream_id: str) -> list[str]:
    return [
        f"  Watch     {url}/{stream_id}/flv.html  (also hls.html, dash.html)",
        f"  FLV       {url}/{stream_id}/live.flv",
        f"  HLS       {url}/{stream_id}/live.m3u8",
        f"  DASH      {url}/{stream_id}/manifest.mpd",
    ]
