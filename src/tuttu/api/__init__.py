"""What a request may say and what an answer says: shapes, presenters, and the words of reasons.

Pure: it is handed records and gives answers. It must not read a store, decide anything, or know a
door; every word that a person reads of a decision is made here, once.
"""
