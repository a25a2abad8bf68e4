"""What mail about accounts says, by the names that django-allauth gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Words:
    """`link` names the value that the button leads to. `is_notice`: it tells of something that was done, when
    and from where."""

    subject: Any
    text: Any
    button: Any = ""
    link: str = ""
    is_notice: bool = False


def _notice(subject: Any) -> Words:
    text = _(
        "If this was you, there is nothing to do. If it was not, set a new password now and end all sessions."
    )
    return Words(subject, text, _("Set a new password"), "password_reset_page", is_notice=True)


_VERIFY = Words(
    _("Confirm your e-mail address"),
    _("Somebody, hopefully you, gave this address at %(host)s. Confirm that it is yours."),
    _("Confirm the address"),
    "activate_url",
)
WORDS = {
    "account/email/email_confirmation": _VERIFY,
    "account/email/email_confirmation_signup": _VERIFY,
    "account/email/password_reset_key": Words(
        _("Set a new password"),
        _("Somebody, hopefully you, asked to set a new password for your account at %(host)s."),
        _("Set a new password"),
        "password_reset_url",
    ),
    "account/email/account_already_exists": Words(
        _("You have an account already"),
        _("Somebody, hopefully you, tried to sign up at %(host)s with this address, which has an account."),
        _("Set a new password"),
        "password_reset_page",
    ),
    "account/email/unknown_account": Words(
        _("There is no account with this address"),
        _("Somebody, hopefully you, asked for a new password at %(host)s. This address has no account."),
    ),
    "account/email/password_changed": _notice(_("Your password was changed")),
    "account/email/password_set": _notice(_("A password was set for your account")),
    "account/email/password_reset": _notice(_("Your password was set anew")),
    "account/email/email_changed": _notice(_("The e-mail address of your account was changed")),
    "account/email/email_confirm": _notice(_("The e-mail address of your account was confirmed")),
    "account/email/email_deleted": _notice(_("An e-mail address was removed from your account")),
    "mfa/email/totp_activated": _notice(_("Codes from an app now protect your account")),
    "mfa/email/totp_deactivated": _notice(_("Codes from an app no longer protect your account")),
    "mfa/email/recovery_codes_generated": _notice(_("New recovery codes were made for your account")),
    "mfa/email/webauthn_added": _notice(_("A passkey was added to your account")),
    "mfa/email/webauthn_removed": _notice(_("A passkey was removed from your account")),
    "socialaccount/email/account_connected": _notice(_("Another way to sign in was added to your account")),
    "socialaccount/email/account_disconnected": _notice(_("A way to sign in was removed from your account")),
}
