"""What both ends of a process border need: JSON lines over a socket, what the kernel is asked for, and whether
a place can be written."""
