"""Explanations of a network and its training: gradient check, range test, saliency, neighbours, what-if, health."""
