"""Messages: what was sent, how often it was tried, and what became of it; never what stands in it."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from vestibule.courier.models import Message
from vestibule.skins.admin import gate
from vestibule.skins.admin.tables import Table

UNSEEN = ("sealed", "recipient")


class Messages(Table):
    """The table of messages."""

    list_display = ("recipient_hint", "kind", "channel", "state", "tries", "trouble", "feedback", "created_at")
    list_filter = ("state", "channel", "feedback")
    narrowed_by = ("state__exact", "channel__exact", "feedback__exact")
    ordering = ("-created_at",)
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """No column that nobody is to see."""
        return Message.objects.defer(*UNSEEN)

    def one(self, request: gate.Visit, object_id: str) -> HttpResponse:
        """One message."""
        try:
            message = self.get_queryset(request).filter(pk=UUID(object_id)).first()
        except ValueError as error:
            raise Http404 from error
        if message is None:
            raise Http404
        fields = [field for field in Message._meta.fields if field.name not in UNSEEN]
        facts = [(field.verbose_name.capitalize(), getattr(message, field.attname)) for field in fields]
        return self.page(request, "house/facts.html", {"title": self.title(message), "facts": facts})

    def title(self, message: Message) -> str:
        """What it was, and to whom."""
        return f"{message.kind.replace('_', ' ').capitalize()} to {message.recipient_hint}"
