"""Holds what Entra's mapping produces beside what the app has."""
