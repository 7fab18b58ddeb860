"""Writes the generated pages of `docs/reference/`: `python -m docs.generator` (`make docs`).

A page is a function that returns its text; a test says when the committed copy is not current.
"""
