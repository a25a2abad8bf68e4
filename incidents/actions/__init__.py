"""Verbs on notices, a module for each noun."""
