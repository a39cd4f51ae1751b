"""One suite for each port: what every implementation does. A test file of an implementation calls `suite` once."""
