"""Images in forms, of the admin and the dashboard."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from django import forms

from common.errors import Refused
from pages.images import MAX_BYTES, clean_image
from pages.models import Asset


@dataclass(frozen=True, slots=True)
class Shown:
    """An image that the page has, for the widget."""

    asset: Asset

    @property
    def url(self) -> str:
        return data_url(bytes(self.asset.content), self.asset.content_type)


def data_url(content: bytes, content_type: str) -> str:
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"


class ImageField(forms.FileField):
    def clean(self, data: Any, initial: Any = None) -> Any:
        """The cleaned Asset, or None where it is taken away."""
        upload = super().clean(data, initial)
        if not upload or upload is initial:
            return None
        upload.seek(0)
        try:
            return clean_image(upload.read(MAX_BYTES + 1))
        except Refused as refusal:
            raise forms.ValidationError(refusal.message) from refusal
