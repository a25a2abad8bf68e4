"""Screens, a module for each area. Each loads through a gate, calls one verb and answers."""
