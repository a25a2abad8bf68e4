"""Mail to people about their account, until it has gone. Public schema."""

from __future__ import annotations

from django.db import models

from common.fields import PublicIdField


class AccountMail(models.Model):
    """A message that is to be sent: rendered, and encrypted, for there are links in it that open accounts."""

    id = PublicIdField()
    to = models.EmailField()
    # JSON of subject, text and html, by common/encryption.py.
    content = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
