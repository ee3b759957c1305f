"""The audit log: one call records an event as audit row, log line and metric."""
