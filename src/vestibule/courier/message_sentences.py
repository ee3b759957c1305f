"""The sentences of a message that depend on what happened: where it came from, how long a code is valid, how often."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vestibule.courier.message_kind import MessageKind
from vestibule.kernel.brand import Brand


def describe_origin(kind: MessageKind, address: str, at: str) -> str:
    """Return who caused the message, and when."""
    if kind.by_house:
        return _("Sent on %(at)s.") % {"at": at}
    if address:
        return _("Requested from %(address)s on %(at)s.") % {"address": address, "at": at}
    return _("Requested from an unknown address on %(at)s.") % {"at": at}


def describe_code(minutes: int, hours: int) -> str:
    """Return how long the code is valid, and the link beside it if `hours` says so, and that it is not to be shared."""
    sentences = [
        ngettext("The code is valid for %(minutes)s minute.", "The code is valid for %(minutes)s minutes.", minutes)
        % {"minutes": minutes}
    ]
    if hours:
        link = ngettext("The link is valid for %(hours)s hour.", "The link is valid for %(hours)s hours.", hours)
        sentences.append(link % {"hours": hours})
    return " ".join([*sentences, _("Don't share this code with anyone. We will never ask you for it.")])


def describe_event(event: str, times: int, at: str, address: str) -> str:
    """Return how often something happened of which a digest tells, and when last."""
    if address:
        words = ngettext(
            "%(event)s: %(times)s time, last on %(at)s from %(address)s.",
            "%(event)s: %(times)s times, last on %(at)s from %(address)s.",
            times,
        )
    else:
        words = ngettext(
            "%(event)s: %(times)s time, last on %(at)s.", "%(event)s: %(times)s times, last on %(at)s.", times
        )
    return words % {"event": event, "times": times, "at": at, "address": address}


def list_brand_links(brand: Brand) -> list[tuple[str, str]]:
    """Return the operator's links at the foot of a mail: what each is called, and its URL."""
    links = [(_("Terms"), brand.terms_url), (_("Privacy"), brand.privacy_url), (_("Imprint"), brand.imprint_url)]
    return [(label, url) for label, url in links if url]
