"""The admin: pages for the staff that read. Every button calls a flow, asks for a reason and leaves an event."""
