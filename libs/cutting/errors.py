"""What ails a publisher, as far as its cutter sees.

WeirError
└── Invalid       GOPTooLong          keyframes come too far apart; it is cut anyway
"""

from libs.errors import Invalid


class GOPTooLong(Invalid):
    code = "gop_too_long"
