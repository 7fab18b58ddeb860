"""Why something cannot be a mark.

WeirError
└── Invalid   MarkRefused   no font has its letters, it is too large, it is no picture…
"""

from libs.errors import Invalid


class MarkRefused(Invalid):
    code = "mark_refused"
