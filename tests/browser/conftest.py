"""What every test in a browser has."""

from itertools import count

import pytest
from playwright.sync_api import expect

expect.set_options(timeout=20_000)  # a machine that does much else at once is slow, not wrong

_people = count()


@pytest.fixture
def person() -> str:
    """An address that nobody has used."""
    return f"person{next(_people)}@example.com"
