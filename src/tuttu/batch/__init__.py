"""Everybody at once: funnel, verify, digest, replay.

What is judged here is judged by the decision of real time, or compared with it. This room writes
nothing to the store, and knows no door.
"""
