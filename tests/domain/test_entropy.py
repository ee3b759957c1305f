"""The ids of rows begin with the time, and are random behind it (RFC 9562, 5.7)."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

from time_machine import travel

from vestibule.kernel import entropy

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_row_id_is_a_uuid_of_version_7_that_tells_its_millisecond() -> None:
    with travel(NOON + timedelta(milliseconds=5), tick=False):
        made = entropy.row_id()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == int(NOON.timestamp() * 1000) + 5


def test_row_ids_sort_by_their_time() -> None:
    made = []
    for ms in range(300):
        with travel(NOON + timedelta(milliseconds=ms), tick=False):
            made.append(entropy.row_id())
    assert made == sorted(made)


def test_row_ids_of_one_millisecond_sort_in_the_order_in_which_they_were_made() -> None:
    for ms in range(20):
        with travel(NOON + timedelta(seconds=1, milliseconds=ms), tick=False):
            made = [entropy.row_id() for _ in range(1500)]
        assert made == sorted(made)


def test_row_ids_of_one_millisecond_differ_in_each_of_the_last_62_bits() -> None:
    with travel(NOON, tick=False):
        made = [entropy.row_id().int for _ in range(200)]
    ever, always = 0, ~0
    for each in made:
        ever, always = ever | each, always & each
    varied = (ever & ~always) & ((1 << 62) - 1)
    assert bin(varied).count("1") == 62
    assert len(set(made)) == 200
