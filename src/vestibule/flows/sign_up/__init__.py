"""Sign up: deferred (no user row before the proof) and pending (a PENDING row waits for the proof)."""
