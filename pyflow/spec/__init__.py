"""Pure data shared by everything: graph, artifact references, task messages, errors. Standard library only, no I/O."""
