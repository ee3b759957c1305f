"""The steps of a sign-up, read out of the events that tell of them: started, sent, delivered, confirmed, by channel."""

from collections.abc import Mapping

from prometheus_client import Counter

from vestibule.audit import events

STEPS = ("started", "sent", "delivered", "confirmed")
_PROOFS = ("registration_code", "verify_address")  # the kinds of message that a sign-up waits for

FUNNEL = Counter("vestibule_sign_ups", "Sign-ups that came to a step, by channel.", ["step", "channel"])
for _step in STEPS:  # a series that begins at zero lets nobody miss its first step
    FUNNEL.labels(step=_step, channel="email")


def count(event: str, code: str, facts: Mapping[str, object]) -> None:
    """Count the step that an event tells of, if it tells of one."""
    step = _step_of(event, code, facts)
    if step and "channel" in facts:
        FUNNEL.labels(step=step, channel=facts["channel"]).inc()


def _step_of(event: str, code: str, facts: Mapping[str, object]) -> str:
    if event == events.REGISTRATION_STARTED.name:
        return "started"
    if event == events.ACCOUNT_REGISTERED.name:
        return "confirmed"
    if facts.get("kind") in _PROOFS:
        if event == events.MESSAGE_SENT.name:
            return "sent"
        if event == events.MESSAGE_FEEDBACK.name and code == "delivered":
            return "delivered"
    return ""
