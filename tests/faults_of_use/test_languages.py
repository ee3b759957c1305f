"""One request's language is not the next one's: what is kept between requests is kept by language."""

import pytest
from django.utils import translation
from rest_framework import serializers

from tests.world import Api


@pytest.mark.parametrize("languages", [("de", "en"), ("en", "de"), ("fr", "de")])
def test_a_message_is_in_the_language_of_its_request(api: Api, languages: tuple[str, str]) -> None:
    """The messages of DRF's validators are written when they are first read."""
    written = {"en": "Ensure this field has no more than", "de": "Stelle sicher", "fr": "Assurez-vous que ce champ"}
    for language in languages:
        with translation.override(language):
            reply = api.post("register/start", {"email": "a@b.example", "password": "x" * 5000})
        [message] = reply.body["errors"]["password"]
        assert message.startswith(written[language]), (language, message)
    assert serializers.CharField().error_messages["blank"]
