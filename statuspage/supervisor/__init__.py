"""Brings up the whole service on one machine: databases, migrations, web, worker, ticker, mail sink.

Standard library only. Nothing here imports Django: what Django does runs as processes of its own.
"""
