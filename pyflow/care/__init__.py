"""Looking after an installation and its stores."""
