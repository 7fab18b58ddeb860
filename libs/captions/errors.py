"""Why captions are refused."""

from libs.errors import Invalid


class CaptionsInvalid(Invalid):
    """The file is neither WebVTT nor SubRip as it should be."""

    code = "captions_invalid"
