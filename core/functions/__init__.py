"""The functions a network is made of, in registries: activations, outputs, losses, optimizers, schedules."""
