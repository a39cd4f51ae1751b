"""The shape of the code: layers, sizes, cycles, public names."""
