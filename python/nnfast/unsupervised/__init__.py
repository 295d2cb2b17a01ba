"""Learning without a teacher, or with half of one.

Each method is a class with `fit`; what it has learned is in attributes that end with an underscore.
"""

__all__: list[str] = []
