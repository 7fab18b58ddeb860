"""URLs of the bucket as an AWS SDK presigns them, with the parameters of a viewer's mark."""

import base64
from urllib.parse import urlencode

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.running import RunningWeir

LINES = ("james", "xx@xx.com", "202306021047")
MARK = {
    "X-Amz-WatermarkContent": base64.b64encode(",".join(LINES).encode()).decode(),
    "X-Amz-WatermarkColor": "rgba(240,75,81,1)",
    "X-Amz-WatermarkPreviewOpacity": "0.8",
    "X-Amz-WatermarkRotate": "8",
    "X-Amz-WatermarkDensity": "1",
}


def presign(
    url: str, key_id: str, secret: str, parameters: dict[str, str], *, expires_s: int = 1200
) -> str:
    request = AWSRequest("GET", f"{url}?{urlencode(parameters)}" if parameters else url)
    credentials = Credentials(key_id, secret)
    S3SigV4QueryAuth(credentials, "s3", "ap-northeast-1", expires=expires_s).add_auth(request)
    return str(request.url)


def presigned(
    weir: RunningWeir, key: str, parameters: dict[str, str], *, expires_s: int = 1200
) -> str:
    return presign(
        f"{weir.http_url}/vod/{key}",
        weir.credentials["access_key_id"],
        weir.credentials["secret_access_key"],
        parameters,
        expires_s=expires_s,
    )
