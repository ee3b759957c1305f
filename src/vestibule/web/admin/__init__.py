"""The admin: read-mostly pages for the staff; every button calls a flow, asks why, and leaves an event."""
