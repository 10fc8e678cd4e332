"""The sentence under the sign-in form is made from an error code in the address, which anybody can write."""

import pytest

from smartfolio_app.state.entrance import sentence


def test_no_code_is_no_sentence():
    assert sentence("", "", "en") == ""


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "code",
    [
        "auth.wrong_password",
        "auth.too_many_attempts",
        "auth.foreign_origin",
        "auth.password_too_short",
        "auth.password_too_long",
        "auth.password_too_simple",
        "limit.too_many_requests",
        "account.name_invalid",
        "account.setup_link_spent",
    ],
)
def test_every_refusal_of_the_forms_has_a_sentence(code, language):
    text = sentence(code, "12", language)
    assert text != sentence("no.such.code", "", language)
    assert "{" not in text


def test_what_a_stranger_writes_into_the_address_is_not_shown():
    assert "<script>" not in sentence("<script>alert(1)</script>", "<b>", "en")
    assert "password" not in sentence("account.name_taken", "", "en")
    assert "<b>" not in sentence("auth.too_many_attempts", "<b>", "en")
