"""What people type to bring data to a page."""

from __future__ import annotations

from typing import Any

from dashboard.forms.first_run import ImportForm


class BringForm(ImportForm):
    """To a page that is there, and has its address already."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["slug"]
