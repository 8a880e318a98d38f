"""How well a network does, and what its layers are doing, in numbers."""
