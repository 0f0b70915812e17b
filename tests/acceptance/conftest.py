"""A product with a seeded channel, one for the tests of a file."""

from tests.support.seeded import product

__all__ = ["product"]
