"""The HTTP interface: every view parses, admits, calls one flow and renders."""
