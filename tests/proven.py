"""People who have just said who they are, and so may do what is dangerous."""

from __future__ import annotations

import time
from typing import TypeVar

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client

C = TypeVar("C", bound=Client)


def proven(browser: C) -> C:
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time()}]
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = session["_auth_user_id"]
    session.save()
    return browser
