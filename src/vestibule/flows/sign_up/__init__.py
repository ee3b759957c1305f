"""Sign up: deferred (no row before the proof) and pending (a row that waits for it)."""
