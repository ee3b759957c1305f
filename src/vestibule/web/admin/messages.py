"""Messages in the admin: what was sent, how often it was tried, and what became of it; never the content."""

from uuid import UUID

from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from vestibule.courier.models import Message
from vestibule.web.admin import access
from vestibule.web.admin.tables import ReadOnlyTable, format_moment, list_columns

HIDDEN_COLUMNS = ("sealed", "recipient")


class MessageTable(ReadOnlyTable):
    """The table of messages."""

    heading = "Messages"
    path = "courier/message/"
    list_display = ("to", "kind", "channel", "state", "tries", "trouble", "feedback", "posted")
    list_filter = ("state", "channel", "feedback")
    filter_parameters = ("state__exact", "channel__exact", "feedback__exact")
    ordering = ("-created_at",)
    sortable_by = ()

    @display(description="To")
    def to(self, message: Message) -> str:
        """The masked address; the clear one is sealed."""
        return message.recipient_hint

    @display(description="Posted")
    def posted(self, message: Message) -> str:
        """When it was posted."""
        return format_moment(message.created_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Return the rows without the columns that nobody may see."""
        return Message.objects.defer(*HIDDEN_COLUMNS)

    def row_view(self, request: access.StaffRequest, object_id: str) -> HttpResponse:
        """Show one message."""
        try:
            message = self.get_queryset(request).filter(pk=UUID(object_id)).first()
        except ValueError as error:
            raise Http404 from error
        if message is None:
            raise Http404
        context = {"title": self.message_title(message), "facts": list_columns(message, without=HIDDEN_COLUMNS)}
        return self.render_admin_page(request, "vestibule/admin/facts.html", context)

    def message_title(self, message: Message) -> str:
        """Return its kind and masked address."""
        return f"{message.kind.replace('_', ' ').capitalize()} to {message.recipient_hint}"
