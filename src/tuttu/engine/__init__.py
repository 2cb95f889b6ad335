"""Wiring: builds the rooms, registers their folds and columns, and answers the doors.

It holds no rules of its own: what is decided, allowed or counted is decided in the rooms below.
"""
