"""``python -m nnfast`` is the command ``nnfast``."""

import sys

from nnfast.cli import main

if __name__ == "__main__":
    sys.exit(main())
