from collections.abc import Callable, Container, Mapping

from telemetra.text.plain import Reading
from telemetra.text.tokens import Token

class Reader:
    def __init__(
        self,
        tokens: Mapping[str, Token],
        valence_of: Callable[[str, list[Token], int, int], int],
        meant: Callable[[int, int, int, int], int],
        nothing_follows: Container[str],
        *,
        longest: int,
        named: int,
        starts: int,
        phrase: int,
        laugh: int,
        praise: int,
        asks: int,
        turns: int,
        ironic: int,
    ) -> None: ...
    def __call__(self, text: str, /) -> Reading: ...

def alike(readings: list[Reading], least: int, nearly: float, /) -> list[int]: ...
