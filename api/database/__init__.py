"""The app database: threads, messages, runs, their events and feedback. SQLAlchemy 2 + Alembic; SQLite by default."""
