"""The steps of a sign-up (started, sent, delivered, confirmed), derived from events and counted by channel."""

from collections.abc import Mapping

from prometheus_client import Counter

from vestibule.audit import events

STEPS = ("started", "sent", "delivered", "confirmed")
_PROOF_KINDS = ("registration_code", "verify_address")  # the kinds of message that prove a sign-up

SIGN_UP_STEP_COUNTER = Counter("vestibule_sign_ups", "Sign-ups that came to a step, by channel.", ["step", "channel"])
for _step in STEPS:  # a series must start at zero for its first increase to be visible
    SIGN_UP_STEP_COUNTER.labels(step=_step, channel="email")


def count_sign_up_step(event: str, code: str, facts: Mapping[str, object]) -> None:
    """Count the sign-up step that an event stands for, if it stands for one."""
    step = _sign_up_step(event, code, facts)
    if step and "channel" in facts:
        SIGN_UP_STEP_COUNTER.labels(step=step, channel=facts["channel"]).inc()


def _sign_up_step(event: str, code: str, facts: Mapping[str, object]) -> str:
    if event == events.REGISTRATION_STARTED.name:
        return "started"
    if event == events.ACCOUNT_REGISTERED.name:
        return "confirmed"
    if facts.get("kind") in _PROOF_KINDS:
        if event == events.MESSAGE_SENT.name:
            return "sent"
        if event == events.MESSAGE_FEEDBACK.name and code == "delivered":
            return "delivered"
    return ""
