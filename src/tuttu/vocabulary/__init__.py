"""The trade's words as frozen records.

This room defines what the other rooms talk about: values and types, events and facts, what a
company declares, verdicts and receipts, and the small protocols by which rooms meet. It must not
do any I/O, read a clock, draw a random number, or know any other room.
"""
