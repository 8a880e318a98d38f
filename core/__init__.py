"""The network: plain NumPy mathematics with no input or output."""
