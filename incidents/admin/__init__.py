"""Screens for notices in an organisation's admin, a module for each noun."""
