"""The one scheduler: a pure state machine, and a loop that connects it to the ports."""
