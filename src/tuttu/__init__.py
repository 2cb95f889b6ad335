"""tuttu: an open-source brain for customer dialogue."""
