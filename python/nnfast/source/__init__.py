"""A network as the source text of a program that needs neither nnfast nor anything else.

`FeedForward.to_source` is what users call. A network becomes a short list of operations, in
`_program`; each language is a table of how it says one.
"""

from nnfast.source._write import to_source

__all__ = ["to_source"]
