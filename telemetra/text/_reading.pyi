from collections.abc import Callable, Mapping

from telemetra.text.plain import Reading
from telemetra.text.tokens import Token

class Reader:
    def __init__(
        self,
        tokens: Mapping[str, Token],
        valence_of: Callable[[str, list[Token], int, int], int],
        nothing_follows: Mapping[str, object],
        *,
        longest: int,
        named: int,
        phrase: int,
        ruled: int,
    ) -> None: ...
    def __call__(self, text: str, /) -> Reading: ...

def alike(readings: list[Reading], least: int, nearly: float, /) -> list[int]: ...
