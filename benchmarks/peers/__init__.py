"""The contestants: each module builds, for a task, a function that makes one pass over its examples.

`build(task, x, y)` returns that function, or None where the framework has no such thing. Importing a module
raises ImportError where its framework is not installed. All start from random weights of the same kind, hold
the data ready in their own form, shuffle nothing, and do nothing in a pass but train (or predict).
"""
