"""Names of customers and projects of which no two could be taken for each other, people, notes."""

from random import Random

_STARTS = [
    *("Bel", "Cra", "Dov", "Fen", "Gly", "Har", "Jul", "Kes", "Lom", "Mir", "Nor", "Oss", "Pel"),
    *("Quo", "Ras", "Sib", "Tol", "Umb", "Vex", "Wyn", "Yar", "Zel", "Alb", "Brin", "Cour", "Dras"),
    *("Elg", "From", "Gort", "Hul", "Ilk", "Jor", "Kram", "Lund", "Mosk", "Nib", "Orp", "Prun"),
    *("Ryd", "Stav", "Thul", "Urs", "Vant", "Wex", "Yold", "Zup", "Arn", "Bosk", "Chid", "Dwel"),
    *("Eft", "Flir", "Grus", "Hob", "Isp", "Jeb", "Kno", "Lask", "Mung", "Nelt"),
]
_ENDS = [
    *("andrea", "bort", "cyon", "dufel", "ertz", "figas", "gamor", "hutsk", "indle", "jovar"),
    *("kurn", "litho", "mexel", "norb", "oquin", "pester", "rovik", "sungo", "tazze", "urick"),
    *("vanth", "wexo", "yblos", "zorfe"),
]


class Names:
    """Gives each name once, in an order of the seed."""

    def __init__(self, rng: Random) -> None:
        """Shuffle all words there are."""
        self._words = [start + end for start in _STARTS for end in _ENDS]
        self._long = [
            start + first + last for start in _STARTS for first in _ENDS for last in _ENDS
        ]
        rng.shuffle(self._words)
        rng.shuffle(self._long)

    def word(self) -> str:
        """A long word that nothing else is called by."""
        return self._long.pop()

    def two(self) -> str:
        """A name of two short words, neither of which is in another name."""
        return f"{self._words.pop()} {self._words.pop()}"

    def person(self) -> str:
        """A person's name."""
        return f"{self._long.pop()} {self._long.pop()}"
