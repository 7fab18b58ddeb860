"""The origin of segments: cuts a session's tags, keeps its live window, stores and announces."""
