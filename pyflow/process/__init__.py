"""What both ends of a process border need: JSON lines over a socket, and what the kernel is asked for."""
