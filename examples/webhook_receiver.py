"""Receive webhooks: verify each, drop what came before, print it.

    pip install standardwebhooks
    WEBHOOK_SECRET=whsec_… python examples/webhook_receiver.py [<port>]

Register it with `POST /api/v1/webhooks` and `{"url": "http://<this host>:<port>/"}`; the answer has
the secret. For an address within your network Weir needs `WEIR_EGRESS_ALLOW`.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

MAX_BYTES = 1 << 20
seen: set[str] = set()
"""In earnest: a table with a unique key, written in the transaction that acts on the event."""


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), MAX_BYTES))
        try:
            event = Webhook(os.environ["WEBHOOK_SECRET"]).verify(body, dict(self.headers.items()))
        except WebhookVerificationError:
            self.send_error(401)
            return
        if self.headers["webhook-id"] not in seen:
            seen.add(self.headers["webhook-id"])
            print(json.dumps(event), flush=True)
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    ThreadingHTTPServer(("", port), Receiver).serve_forever()
