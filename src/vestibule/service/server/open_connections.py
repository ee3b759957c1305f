"""How many connections each worker process has open, so that one that has more leaves the next to another.

All processes that wait at a listening socket wake for a connection, and the one that is awake already is first. Of
eight connections that a proxy keeps, one process often got all: half of the machine had nothing to do, while threads of
one interpreter waited for each other (docs/decisions/0186).
"""

from mmap import mmap

_ABSENT, _ENDING = 2**32 - 1, 2**32 - 2  # in place of a count


class OpenConnections:
    """A count for each of a number of processes, in memory that they share. It is made before they are."""

    def __init__(self, processes: int) -> None:
        self.places = range(processes)
        self._counts = memoryview(mmap(-1, 4 * processes)).cast("I")
        for place in self.places:
            self.remove_process(place)

    def set_count(self, place: int, number: int) -> None:
        """Tell the others how many connections the process at this place has open."""
        self._counts[place] = number

    def remove_process(self, place: int) -> None:
        """Let nobody leave anything to the process at this place: it has ended, or has not begun."""
        self._counts[place] = _ABSENT

    def end_process(self, place: int) -> None:
        """Tell the others that the process at this place accepts no more, and answers what it has."""
        self._counts[place] = _ENDING

    def is_ending(self, place: int) -> bool:
        """Return whether the process at this place accepts no more."""
        return self._counts[place] == _ENDING

    def has_processes(self) -> bool:
        """Return whether any process accepts connections."""
        return min(self._counts) < _ENDING

    def has_too_many(self, number: int) -> bool:
        """Return whether a process with so many has more than its share: a quarter more than the process that has the
        fewest."""
        fewest = min(self._counts)
        return number - fewest > fewest // 4
