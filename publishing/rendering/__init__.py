"""The parts of render: words, times, templates, branding and assets. None of them makes a query."""
