"""Tags become segments: a pure function, for live sessions and for what is made of files.

`cutter` cuts a source, `rung_cutter` a rung by its source's cut list; `cuts` is what comes out.
"""
