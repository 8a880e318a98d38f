"""What makes the pictures of the documentation, and the browser that tests and benchmarks share with it."""
