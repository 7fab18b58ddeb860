"""Why an address that a user named is not connected to.

WeirError
├── Forbidden     EgressRefused       private, loopback, link-local…, or a port of this Weir
├── Invalid       FetchFailed         its server did not give what was asked for
└── Unavailable   EgressUnresolved    its name has no address now
"""

from libs.errors import Blame, Forbidden, Invalid, Unavailable


class EgressRefused(Forbidden):
    code = "egress_refused"


class EgressUnresolved(Unavailable):
    code = "egress_unresolved"
    blame = Blame.DESTINATION


class FetchFailed(Invalid):
    code = "fetch_failed"
    blame = Blame.DESTINATION
