"""The record of what happened: audit row, log line and metric from one call."""
