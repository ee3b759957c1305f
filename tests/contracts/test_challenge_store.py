"""What every challenge store does, verb by verb, guard by guard."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.contracts.stores import ALL_KINDS, NOW, SECOND, SOON, added, challenge, kept, opened
from vestibule.challenges.store import Challenge, State, Store

LIMIT = 5
UNTIL = NOW + timedelta(seconds=30)
NEW = b"\x07" * 32


@pytest.fixture(params=ALL_KINDS)
def store(request: pytest.FixtureRequest, house: None) -> Store:
    return opened(request.param)


def claimed(store: Store, lease: UUID) -> Challenge:
    """A record whose lease somebody holds until UNTIL."""
    record = added(store)
    assert store.count_attempt(record.id, limit=LIMIT, now=NOW)
    assert store.claim(record, lease=lease, now=NOW, until=UNTIL)
    return kept(store, record.id)


def settled(store: Store) -> Challenge:
    record = added(store)
    store.settle(record.id)
    return kept(store, record.id)


def send(store: Store, seen: Challenge) -> bool:
    return store.count_send(seen, digests=NEW, now=NOW + SECOND, expires_at=SOON + SECOND)


def reseal(store: Store, seen: Challenge, sealed: bytes = b"another", now: datetime = NOW) -> bool:
    return store.replace_payload(seen, sealed_payload=sealed, now=now)


# Add and get.


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"attempts": 4, "sends": 6},
        {"digests": b"", "sealed_payload": b"\x00"},
        {"digests": bytes(range(64)), "subject": b"\xff" * 32},
        {"sent_at": NOW.replace(microsecond=0), "expires_at": NOW.replace(year=2100, microsecond=999_999)},
    ],
    ids=["fresh", "used", "no secret", "two secrets", "moments"],
)
def test_every_field_comes_back_as_it_went_in(store: Store, more: dict[str, object]) -> None:
    record = challenge(**more)
    store.add(record)
    found = kept(store, record.id)
    for field in fields(Challenge):
        assert getattr(found, field.name) == getattr(record, field.name), field.name
        assert type(getattr(found, field.name)) is type(getattr(record, field.name)), field.name


def test_every_field_comes_back_from_a_claimed_record(store: Store) -> None:
    lease = uuid4()
    found = claimed(store, lease)
    assert found == challenge(id=found.id, state=State.CLAIMED, lease=lease, leased_until=UNTIL)


def test_an_unknown_id_is_none_and_no_verb_makes_a_record_of_it(store: Store) -> None:
    unknown = challenge()
    assert store.get(unknown.id) is None
    assert not store.count_attempt(unknown.id, limit=LIMIT, now=NOW)
    assert not send(store, unknown)
    assert not store.claim(unknown, lease=uuid4(), now=NOW, until=UNTIL)
    assert not reseal(store, unknown)
    store.return_attempt(unknown.id)
    store.undo_send(unknown, digests=unknown.digests)
    store.release(unknown.id, lease=uuid4())
    store.settle(unknown.id)
    assert store.get(unknown.id) is None


# Attempts.


def test_attempts_are_counted_up_to_the_limit(store: Store) -> None:
    record = added(store)
    assert [store.count_attempt(record.id, limit=LIMIT, now=NOW) for _ in range(LIMIT + 2)] == [True] * LIMIT + [
        False,
        False,
    ]
    assert kept(store, record.id) == replace(record, attempts=LIMIT)


def test_an_attempt_is_refused_from_the_moment_of_expiry(store: Store) -> None:
    record = added(store)
    assert not store.count_attempt(record.id, limit=LIMIT, now=SOON)
    assert not store.count_attempt(record.id, limit=LIMIT, now=SOON + SECOND)
    assert store.count_attempt(record.id, limit=LIMIT, now=SOON - timedelta(microseconds=1))


def test_an_attempt_on_a_settled_record_is_refused(store: Store) -> None:
    record = settled(store)
    assert not store.count_attempt(record.id, limit=LIMIT, now=NOW)
    assert kept(store, record.id) == record


def test_an_attempt_is_counted_while_somebody_holds_the_lease(store: Store) -> None:
    record = claimed(store, uuid4())
    assert store.count_attempt(record.id, limit=LIMIT, now=NOW)
    assert kept(store, record.id) == replace(record, attempts=1)


def test_a_returned_attempt_never_makes_less_than_none(store: Store) -> None:
    record = added(store, attempts=1)
    store.return_attempt(record.id)
    store.return_attempt(record.id)
    assert kept(store, record.id) == replace(record, attempts=0)


# Sends.


def test_a_send_replaces_the_secret_and_keeps_the_attempts(store: Store) -> None:
    record = added(store, attempts=3)
    assert send(store, record)
    assert kept(store, record.id) == replace(
        record, digests=NEW, sends=2, sent_at=NOW + SECOND, expires_at=SOON + SECOND
    )


def test_a_send_on_what_was_read_before_another_is_refused(store: Store) -> None:
    record = added(store)
    assert send(store, record)
    after = kept(store, record.id)
    assert not send(store, record)
    assert not send(store, replace(after, sends=1))
    assert not send(store, replace(after, digests=record.digests))
    assert kept(store, record.id) == after


def test_a_send_while_somebody_works_or_has_worked_is_refused(store: Store) -> None:
    for record in (claimed(store, uuid4()), settled(store)):
        assert not send(store, record)
        assert kept(store, record.id) == record


def test_a_send_ends_a_lease_that_ran_out(store: Store) -> None:
    record = claimed(store, uuid4())
    assert store.count_send(record, digests=NEW, now=UNTIL, expires_at=SOON)
    assert kept(store, record.id) == replace(
        record, digests=NEW, sends=2, sent_at=UNTIL, state=State.WAITING, lease=None, leased_until=None
    )


def test_an_undone_send_puts_everything_back(store: Store) -> None:
    record = added(store, attempts=2)
    assert send(store, record)
    store.undo_send(record, digests=NEW)
    assert kept(store, record.id) == record


def test_a_send_is_undone_only_while_its_secret_is_the_live_one(store: Store) -> None:
    record = added(store)
    assert send(store, record)
    second = kept(store, record.id)
    assert store.count_send(second, digests=b"\x09" * 32, now=NOW + 2 * SECOND, expires_at=SOON)
    third = kept(store, record.id)
    store.undo_send(record, digests=NEW)
    assert kept(store, record.id) == third


# Claim, settle, release.


def test_a_claim_gives_the_attempt_back(store: Store) -> None:
    record, lease = added(store, attempts=3), uuid4()
    assert store.claim(record, lease=lease, now=NOW, until=UNTIL)
    assert kept(store, record.id) == replace(record, attempts=2, state=State.CLAIMED, lease=lease, leased_until=UNTIL)


def test_a_claim_without_a_counted_attempt_is_refused(store: Store) -> None:
    record = added(store)
    assert not store.claim(record, lease=uuid4(), now=NOW, until=UNTIL)
    assert kept(store, record.id) == record


def test_a_claim_with_a_replaced_secret_is_refused(store: Store) -> None:
    record = added(store, attempts=1)
    assert send(store, record)
    after = kept(store, record.id)
    assert not store.claim(record, lease=uuid4(), now=NOW, until=UNTIL)
    assert kept(store, record.id) == after


def test_a_live_lease_is_held_against_everybody_and_a_lapsed_one_is_taken_over(store: Store) -> None:
    record, heir = claimed(store, uuid4()), uuid4()
    assert store.count_attempt(record.id, limit=LIMIT, now=NOW)
    just_before = UNTIL - timedelta(microseconds=1)
    assert not store.claim(record, lease=heir, now=just_before, until=UNTIL + SECOND)
    assert kept(store, record.id).lease == record.lease
    assert store.claim(record, lease=heir, now=UNTIL, until=UNTIL + SECOND)
    assert kept(store, record.id) == replace(record, attempts=0, lease=heir, leased_until=UNTIL + SECOND)


def test_a_settled_record_is_never_claimed_nor_opened_again(store: Store) -> None:
    record = added(store, attempts=1)
    store.settle(record.id)
    assert not store.claim(record, lease=uuid4(), now=NOW, until=UNTIL)
    assert kept(store, record.id) == replace(record, state=State.SETTLED)


def test_settling_ends_the_lease_and_is_final(store: Store) -> None:
    lease = uuid4()
    record = claimed(store, lease)
    store.settle(record.id)
    store.settle(record.id)
    store.release(record.id, lease=lease)
    assert kept(store, record.id) == replace(record, state=State.SETTLED, lease=None, leased_until=None)


def test_only_the_lease_that_holds_releases(store: Store) -> None:
    lease = uuid4()
    record = claimed(store, lease)
    store.release(record.id, lease=uuid4())
    assert kept(store, record.id) == record
    store.release(record.id, lease=lease)
    assert kept(store, record.id) == replace(record, state=State.WAITING, lease=None, leased_until=None)


def test_a_late_release_leaves_the_heir_alone(store: Store) -> None:
    slow, heir = uuid4(), uuid4()
    record = claimed(store, slow)
    assert store.count_attempt(record.id, limit=LIMIT, now=UNTIL)
    assert store.claim(record, lease=heir, now=UNTIL, until=UNTIL + SECOND)
    store.release(record.id, lease=slow)
    assert kept(store, record.id).lease == heir


# Replacing the payload.


def test_a_payload_is_replaced_and_nothing_else(store: Store) -> None:
    record = added(store, attempts=2)
    assert reseal(store, record)
    assert kept(store, record.id) == replace(record, sealed_payload=b"another")


def test_a_payload_that_somebody_replaced_is_not_replaced_by_who_saw_the_one_before(store: Store) -> None:
    record = added(store)
    assert reseal(store, record)
    assert not reseal(store, record, b"a third")
    assert reseal(store, kept(store, record.id), b"a third")


def test_a_payload_is_not_replaced_while_somebody_works_on_it(store: Store) -> None:
    record = claimed(store, uuid4())
    assert not reseal(store, record)
    assert reseal(store, record, now=UNTIL)


def test_a_payload_of_what_is_over_is_not_replaced(store: Store) -> None:
    assert not reseal(store, settled(store))
    record = added(store)
    assert not reseal(store, record, now=record.expires_at)
    assert kept(store, record.id).sealed_payload == record.sealed_payload
