"""The command line: ``nnfast train data.csv --target price``, and what comes after.

Each file is one command, with its options, its help and what it does; those whose names begin with
an underscore are what they share. `main` is all that is public.
"""

from nnfast.cli._main import main

__all__ = ["main"]
