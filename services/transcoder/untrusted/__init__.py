"""What somebody sent us may be anything: how we find out what it is.

The first bytes say which demuxer it gets (`sniffing`, `boxes`: Python, here), a process that can do
nothing else opens it with just that one (`reader`, `sandbox`), and our limits judge what it found
(`judging`).
"""
