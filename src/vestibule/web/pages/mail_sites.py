"""The web pages on which people read the mail of large providers, by the domain of their address."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vestibule.addresses.address import Address, Email


@dataclass(frozen=True, slots=True)
class MailSite:
    """Where mail is read: what people call it, and its address."""

    name: str
    url: str


_GMAIL = MailSite("Gmail", "https://mail.google.com/mail/")
_OUTLOOK = MailSite("Outlook", "https://outlook.live.com/mail/")
_YAHOO = MailSite("Yahoo Mail", "https://mail.yahoo.com/")
_ICLOUD = MailSite("iCloud Mail", "https://www.icloud.com/mail/")
_PROTON = MailSite("Proton Mail", "https://mail.proton.me/")
_GMX = MailSite("GMX", "https://www.gmx.net/")
_MAIL_SITES: Mapping[str, MailSite] = MappingProxyType(
    {
        **dict.fromkeys(("gmail.com", "googlemail.com"), _GMAIL),
        **dict.fromkeys(("outlook.com", "hotmail.com", "live.com", "msn.com"), _OUTLOOK),
        **dict.fromkeys(("yahoo.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "ymail.com"), _YAHOO),
        **dict.fromkeys(("icloud.com", "me.com", "mac.com"), _ICLOUD),
        **dict.fromkeys(("proton.me", "protonmail.com", "pm.me"), _PROTON),
        **dict.fromkeys(("gmx.de", "gmx.net", "gmx.at", "gmx.ch"), _GMX),
        "web.de": MailSite("WEB.DE", "https://web.de/"),
        "aol.com": MailSite("AOL Mail", "https://mail.aol.com/"),
        "fastmail.com": MailSite("Fastmail", "https://app.fastmail.com/mail/"),
        "zoho.com": MailSite("Zoho Mail", "https://mail.zoho.com/"),
    }
)


def find_mail_site(address: Address) -> MailSite | None:
    """Return where the person reads the mail of this address, if it is a well-known place."""
    return _MAIL_SITES.get(address.domain) if isinstance(address, Email) else None
