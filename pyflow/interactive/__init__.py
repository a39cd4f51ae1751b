"""What people call in a session of Python, and what a session of R calls through a process of its own."""
