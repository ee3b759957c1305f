"""The names of our cookies: with the prefix `__Host-` under HTTPS (RFC 6265bis, 4.1.3)."""


class CookieNames:
    """The name of each cookie, of the settings that say whether clients come by TLS."""

    @property
    def https(self) -> bool:
        """Whether clients come by TLS."""
        raise NotImplementedError

    @property
    def session_cookie_name(self) -> str:
        """The cookie of a page session."""
        return self._cookie_name("session")

    @property
    def device_cookie_name(self) -> str:
        """The cookie that marks a known device."""
        return self._cookie_name("device")

    @property
    def remembered_cookie_name(self) -> str:
        """The cookie of a browser in which the second factor is not asked for."""
        return self._cookie_name("remembered")

    @property
    def registration_cookie_name(self) -> str:
        """The cookie of a sign-up that waits for its proof."""
        return self._cookie_name("registration")

    @property
    def magic_cookie_name(self) -> str:
        """The cookie of a browser that asked for a link to sign in."""
        return self._cookie_name("magic")

    @property
    def link_cookie_name(self) -> str:
        """The cookie that keeps the token of an opened link."""
        return self._cookie_name("link")

    @property
    def browser_cookie_name(self) -> str:
        """The cookie that names this browser, by which what it began is bound to it."""
        return self._cookie_name("browser")

    @property
    def destination_cookie_name(self) -> str:
        """The cookie that keeps where the person goes after a mailed link."""
        return self._cookie_name("destination")

    @property
    def visit_language_cookie_name(self) -> str:
        """The cookie of the language that an application asked for, while the person is on their way back to it."""
        return self._cookie_name("visit_language")

    @property
    def check_cookie_name(self) -> str:
        """The cookie that passes `/auth/check` for sites on other hosts of one domain: `__Host-` would forbid it."""
        return "__Secure-check" if self.https else "check"

    def _cookie_name(self, name: str) -> str:
        return f"__Host-{name}" if self.https else name
