"""What `weir up` prints once it is ready."""

from libs.launcher.house import House


def show(house: House) -> None:
    credentials = house.credentials
    where = house.data_dir / "credentials.json"
    secure = ""
    if house.rtmps_port is not None:
        secure = f"\n  or        rtmps://127.0.0.1:{house.rtmps_port}/stream/<id>?sign=<key>"
    print(
        f"""
Weir is ready.

  Console   {house.http_url}/   (user {credentials.admin_user}; password in {where})
  API       {house.http_url}/docs
  Push to   rtmp://127.0.0.1:{house.rtmp_port}/stream/<id>?sign=<key>{secure}

Make a stream and get its push URL:

  curl -s -H "x-api-key: {credentials.api_key}" -H "Content-Type: application/json" \\
       -d '{{"item":{{"name":"First light"}}}}' {house.http_url}/api/v1/streams

Ctrl-C stops Weir; its data stays in {house.data_dir}.
""",
        flush=True,
    )


def playback_lines(url: str, stream_id: str) -> list[str]:
    return [
        f"  Watch     {url}/{stream_id}/flv.html  (also hls.html, dash.html)",
        f"  FLV       {url}/{stream_id}/live.flv",
        f"  HLS       {url}/{stream_id}/live.m3u8",
        f"  DASH      {url}/{stream_id}/manifest.mpd",
    ]
