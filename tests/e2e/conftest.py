"""The whole service, for every journey."""

from tests.e2e.test_the_service import service  # noqa: F401 (a fixture)
