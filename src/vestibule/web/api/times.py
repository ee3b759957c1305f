"""Times in the API."""

from datetime import UTC, tzinfo

from rest_framework import serializers


class UtcDateTimeField(serializers.DateTimeField):
    """A time as RFC 3339 in UTC, whatever time zone the project has. One that is sent without an offset is in UTC."""

    def default_timezone(self) -> tzinfo:
        """Return UTC. DRF's is the time zone of the project, or of the person whom its middleware serves."""
        return UTC
