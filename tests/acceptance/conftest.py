"""One product with a seeded channel for all tests of this folder that only look at it."""

from tests.support.seeded import product

__all__ = ["product"]
