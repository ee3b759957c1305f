"""Any order of issuing, resending, guessing, failing and waiting: what must hold of a challenge, holds."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.contracts.stores import KINDS, NOW, kept, opened
from tests.domain.engines import DATA, LEASE, SIGN_UP, Broken, Data, Lossy, engine, wrong
from vestibule.challenges.store import State, Store
from vestibule.kernel import entropy, errors

ATTEMPTS, SENDS, COOLDOWN, TTL = 3, 3, timedelta(seconds=60), timedelta(minutes=10)


class Challenged(RuleBasedStateMachine):
    """One challenge, an owner who reads the codes, a stranger who guesses, and a store that may lose a verb."""

    store: Store  # set by the test

    @initialize(decoy=st.booleans())
    def issue(self, decoy: bool) -> None:
        self.now = NOW
        self.lossy = Lossy(self.store, set())
        self.desk = engine(self.lossy, attempts=ATTEMPTS, sends=SENDS, cooldowns=(COOLDOWN,), ttl=TTL)
        self.subject = entropy.random_bytes(32)
        issued = self.desk.issue(SIGN_UP, subject=self.subject, payload=DATA, now=self.now, decoy=decoy)
        self.id, self.handle, self.live, self.dead = issued.id, issued.handle, issued.code, set[str]()
        self.decoy, self.sent_at, self.sends = decoy, self.now, 1
        self.compared_wrong = self.effects = 0
        self.ends_at = issued.expires_at

    def attempt(self, secret: str, *, body_fails: bool = False) -> str:
        """Verify; the body has its effect at most once, as the audit record's unique column sees to."""
        try:
            with self.desk.verify(self.desk.find_by_handle(SIGN_UP, self.handle), secret, Data, now=self.now) as proof:
                assert proof.payload == DATA
                assert secret == self.live, "opened by what is not the live code"
                assert self.now < self.ends_at, "opened after its time"
                assert not self.decoy
                if body_fails:
                    raise Broken
                if self.effects:
                    raise errors.AlreadyUsed
                self.effects += 1
        except Broken:
            return "broken"
        except errors.Refusal as refusal:
            said: errors.Refusal = refusal
        else:
            return "proved"
        if isinstance(said, errors.WrongSecret):
            self.compared_wrong += 1
            assert said.attempts_left == ATTEMPTS - self.compared_wrong
        return said.code

    @rule(lose=st.booleans())
    def right(self, lose: bool) -> None:
        """The owner types the newest code; perhaps the settling is lost."""
        if self.live is None:
            return
        done, open_ = self.effects, self.now < self.ends_at and self.compared_wrong < ATTEMPTS
        self.lossy.fails.update({"settle"} if lose else ())
        answer = self.attempt(self.live)
        self.lossy.fails.clear()
        if done:
            assert answer in {"token_used", "locked", "otp_expired", "otp_exhausted"}
        elif open_ and not self.held():
            assert answer == "proved"

    @rule()
    def body_fails(self) -> None:
        """The work fails: nothing is lost, nothing is won."""
        if self.live is None:
            return
        before = kept(self.store, self.id).attempts
        assert self.attempt(self.live, body_fails=True) != "proved"
        assert kept(self.store, self.id).attempts == before

    @rule()
    def process_dies_in_the_body(self) -> None:
        """The right code is claimed, and nobody releases it."""
        if self.live is None:
            return
        self.lossy.fails.add("release")
        self.attempt(self.live, body_fails=True)
        self.lossy.fails.clear()

    @rule()
    def guess(self) -> None:
        """A wrong code: compared only while tries are left."""
        before = kept(self.store, self.id)
        answer = self.attempt(wrong(self.live))
        if answer == "otp_exhausted" and before.attempts == ATTEMPTS - 1:
            self.compared_wrong += 1  # the last one compared is told so
        assert answer not in {"proved", "broken"}

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def an_old_code(self, data: st.DataObject) -> None:
        """A code that a resend replaced."""
        before = kept(self.store, self.id).attempts
        answer = self.attempt(data.draw(st.sampled_from(sorted(self.dead))))
        if answer == "otp_exhausted" and before == ATTEMPTS - 1:
            self.compared_wrong += 1
        assert answer not in {"proved", "broken"}

    @rule(fails=st.booleans())
    def resend(self, fails: bool) -> None:
        """A new code in place of the old, unless the mail could not be posted."""
        before = kept(self.store, self.id)
        try:
            with self.desk.resend(self.desk.find_by_handle(SIGN_UP, self.handle), Data, now=self.now) as again:
                assert self.now >= self.sent_at + COOLDOWN, "sent inside the cooldown"
                assert not self.effects or before.state is not State.SETTLED
                if fails:
                    raise Broken
        except Broken:
            assert kept(self.store, self.id).digests == before.digests
            return
        except errors.Refusal:
            assert kept(self.store, self.id) == before
            return
        if self.live is not None and self.live != again.code:
            self.dead.add(self.live)
        self.dead.discard(again.code or "")
        self.live, self.sent_at, self.ends_at = again.code, self.now, again.expires_at
        self.sends += 1

    @rule(seconds=st.sampled_from([1, 29, 30, 59, 60, 300, 600]))
    def time_passes(self, seconds: int) -> None:
        """And leases, cooldowns and codes run out."""
        self.now += timedelta(seconds=seconds)

    def held(self) -> bool:
        return kept(self.store, self.id).is_leased(self.now)

    @invariant()
    def what_always_holds(self) -> None:
        """Counted is what was compared; sends and effects stay in their bounds."""
        if not hasattr(self, "id"):
            return
        record = kept(self.store, self.id)
        assert record.attempts == self.compared_wrong <= ATTEMPTS
        assert record.sends == self.sends <= SENDS
        assert self.effects <= 1
        assert record.state is not State.SETTLED or self.effects == 1
        assert record.leased_until is None or record.leased_until <= self.now + LEASE


@pytest.fixture(params=KINDS)
def machine(request: pytest.FixtureRequest, house: None) -> Any:
    return type("Challenged", (Challenged,), {"store": opened(request.param)})


def test_a_challenge_in_any_order(machine: Any) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
