"""Upload a Matroska file as a device of Kinesis Video Streams does, with botocore's signer.

    pip install botocore
    AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… python examples/put_media.py <stream> <file.mkv> \
        [<URL of Weir>]

The file holds H.264 and AAC, each cluster of it is a fragment: `ffmpeg -i in.mp4 -c copy out.mkv`.
It is taken to have begun an hour ago. Prints the acknowledgements as they come.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

PIECE_BYTES = 16 * 1024
AGO_S = 3600


def main(stream: str, file: str, url: str = "http://127.0.0.1:8080") -> None:
    for said in put_media(stream, Path(file).read_bytes(), url, began_at=time.time() - AGO_S):
        print(json.dumps(said))


def put_media(
    stream: str, media: bytes, url: str, *, began_at: float
) -> Iterator[dict[str, object]]:
    """Send `media`, whose times begin at `began_at` (Unix seconds); each acknowledgement."""
    request = AWSRequest(
        "POST",
        f"{url}/putMedia",
        headers={
            "x-amzn-stream-name": stream,
            "x-amzn-fragment-timecode-type": "RELATIVE",
            "x-amzn-producer-start-timestamp": f"{began_at:.3f}",
            "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        },
    )
    keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(keys, "kinesisvideo", "us-east-1").add_auth(request)
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        connection.putrequest("POST", "/putMedia")
        for name, value in {**request.headers, "Transfer-Encoding": "chunked"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        sending = threading.Thread(target=_send, args=(connection, media), daemon=True)
        sending.start()
        # The answer begins while the body goes out.
        with connection.response_class(connection.sock, method="POST") as answer:
            answer.begin()
            if answer.status != 200:  # noqa: PLR2004 - the only good one
                raise SystemExit(f"{answer.status} {answer.read().decode()}")
            while line := answer.readline():
                yield json.loads(line)
        sending.join()


def _send(connection: HTTPConnection, media: bytes) -> None:
    with suppress(OSError):  # the answer says why nothing more is taken
        for at in range(0, len(media), PIECE_BYTES):
            piece = media[at : at + PIECE_BYTES]
            connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        connection.send(b"0\r\n\r\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
