"""What every test in a browser has."""

from itertools import count

import pytest

_people = count()


@pytest.fixture
def person() -> str:
    """An address that nobody has used."""
    return f"person{next(_people)}@example.com"
