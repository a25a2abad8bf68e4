"""How django-allauth is made ours: mail by the outbox, links from settings, sign-up as is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts.factors import was_just_here
from accounts.mail import app_url, queue_mail, render
from accounts.signup import may_sign_up
from accounts.words import WORDS
from common.encryption import decrypt, encrypt
from tenants.models import User

_PURPOSE = "second factors"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("Address or password is not correct."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_password": _("This is not your password."),
        "too_many_login_attempts": _("Too many failed attempts. Wait a few minutes, then try again."),
        "rate_limited": _("Too many attempts. Wait a minute, then try again."),
    }

    def send_mail(self, template_prefix: str, email: str, context: Mapping[str, Any]) -> None:
        """Into the outbox. Whoever did not ask by a form of ours is told nothing by its absence: the same is
        done for every address."""
        values = {**context, "password_reset_page": app_url(reverse("account_reset_password"))}
        queue_mail(email, render(WORDS[template_prefix], values))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return app_url(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return app_url(path.replace("UID-KEY", quote(key)))

    def is_safe_url(self, url: str) -> bool:
        """Only paths of the host that was asked: `next` never leads elsewhere."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return may_sign_up(request)

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Whoever has just signed in is not asked again."""
        return not was_just_here(self.request)

    def set_password(self, user: User, password: str) -> None:
        user.set_password(password)
        user.save(update_fields=["password"])


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc] # allauth has no types
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return may_sign_up(request)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth has no types
    """Seeds of codes lie encrypted in the database."""

    def encrypt(self, text: str) -> str:
        return encrypt(text, _PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text, _PURPOSE)

    def get_totp_issuer(self) -> str:
        return str(settings.APP_HOSTS[0])
