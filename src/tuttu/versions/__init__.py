"""One version's life: read from the folder, filled from the log, activated, followed by the next.

It knows the state of rooms by what each room says of itself. It must not know use cases, answer a
door, or read a clock of its own.
"""
