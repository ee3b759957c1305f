"""An address is a value: equal to itself alone, frozen, masked wherever it is shown unasked, digested once."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tests.configured import CountingKeys, keyed
from vestibule.addresses import parsing
from vestibule.addresses.address import ADDRESS_TYPES, Address, Channel, Email, Phone, restore_address
from vestibule.kernel.errors import Malformed
from vestibule.kernel.sealing import KeyRing

FAST = settings(deadline=None, max_examples=200)
OLD, NEW = "an older secret of some length", "a newer secret of some length"

LOCAL = st.text("abcz019.+-_", min_size=1, max_size=20)
EMAILS = st.builds("{}@{}.example.com".format, LOCAL, st.text("abcz", min_size=1, max_size=9))
NUMBERS = st.builds("+1415555{:04d}".format, st.integers(0, 9999))


def parsed(parse: Callable[[str], Address], typed: str) -> Address:
    """The address of a text; another text is drawn where it is none."""
    try:
        return parse(typed)
    except Malformed:
        reject()


ADDRESSES = st.one_of(
    EMAILS.map(lambda typed: parsed(parsing.parse_email, typed)),
    NUMBERS.map(lambda typed: parsed(parsing.parse_phone, typed)),
)


@FAST
@given(ADDRESSES)
def test_an_address_is_restored_from_what_is_kept_of_it(address: Address) -> None:
    assert restore_address(address.value) == address
    assert restore_address(str(address)) == address
    assert ADDRESS_TYPES[address.channel](address.value) == address
    assert ADDRESS_TYPES[address.channel.value] is type(address)


@FAST
@given(ADDRESSES, ADDRESSES)
def test_two_addresses_are_equal_where_kind_and_value_are(one: Address, other: Address) -> None:
    same = (one.kind, one.value) == (other.kind, other.value)
    assert (one == other) is same
    assert (one.digest == other.digest) is same
    assert len({one, other}) == (1 if same else 2)
    assert len({Email(one.value), Phone(one.value)}) == 2


@FAST
@given(ADDRESSES)
def test_what_is_shown_unasked_is_masked(address: Address) -> None:
    for shown in (address.masked, repr(address), repr([address]), f"{address!r}"):
        assert address.value not in shown
        assert "…" in shown
    if isinstance(address, Email):
        assert address.masked == f"{address.value[0]}…@{address.domain}"
        assert f"{address.local_part}@{address.domain}" == address.value
    else:
        assert address.masked == f"…{address.value[-4:]}"


@FAST
@given(ADDRESSES)
def test_an_address_does_not_change(address: Address) -> None:
    for name in ("value", "kind", "digest", "anything"):
        with pytest.raises(FrozenInstanceError):
            setattr(address, name, "other")


@FAST
@given(ADDRESSES)
def test_an_address_is_digested_once_under_every_key(address: Address) -> None:
    keys, value = CountingKeys([NEW, OLD]), restore_address(address.value)
    with keyed(keys):
        assert value.digest == value.all_digests[0] == KeyRing([NEW]).digest("address", value.value.encode())
        assert value.all_digests[1] == KeyRing([OLD]).digest("address", value.value.encode())
        assert all(value.matches_digest(each) for each in value.all_digests)
        assert not value.matches_digest(b"")
        assert value.value.encode() not in value.digest
    assert keys.digested.total() == 1


def test_every_channel_goes_to_one_kind_of_address() -> None:
    assert set(ADDRESS_TYPES) == set(Channel.values)
    assert len({each.kind for each in ADDRESS_TYPES.values()}) == len(ADDRESS_TYPES)
