from collections.abc import Callable, Container, Mapping

from telemetra.text.plain import Reading
from telemetra.text.tokens import Token

class Reader:
    def __init__(
        self,
        tokens: Mapping[str, Token],
        steps: Mapping[tuple[int, int, int, int], tuple[int, bool, int, int, int, int]],
        phrase_at: Callable[[list[Token], int], tuple[Token, int] | None],
        meant: Callable[[int, int, int, int], int],
        nothing_follows: Container[str],
        *,
        longest: int,
        named: int,
        starts: int,
        praise: int,
        spoken: int,
        ironic: int,
    ) -> None: ...
    def __call__(self, text: str, /) -> Reading: ...

def alike(readings: list[Reading], least: int, nearly: float, /) -> list[int]: ...
