"""The mail that asks somebody to become a member."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.mail import app_url, queue_mail, render
from accounts.words import Words
from outbox.registry import Claimed
from tenants.members import token_of
from tenants.models import Invitation

_WORDS = Words(
    gettext_lazy("%(organisation)s invites you"),
    gettext_lazy(
        "%(inviter)s asks you to help with the status pages of %(organisation)s. The link works for a week."
    ),
    gettext_lazy("Look at the invitation"),
    "invitation_url",
)


def send_invitation(item: Claimed) -> None:
    """The key is the id of an invitation. Whoever it is for is told the same, with an account or without."""
    invitation = Invitation.objects.open().select_related("tenant", "invited_by").filter(pk=item.key).first()
    if invitation is None:
        return
    with translation.override(invitation.language):
        values = {
            "organisation": invitation.tenant.name,
            "inviter": str(invitation.invited_by or invitation.tenant.name),
            "invitation_url": app_url(f"/accounts/invitation/{token_of(invitation)}/"),
        }
        footer = _("You get this because somebody at %(organisation)s typed your address.") % values
        queue_mail(invitation.email, render(_WORDS, values, footer))
