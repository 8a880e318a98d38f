"""The fast ways to train and to predict, behind one interface; each equals `core.textbook`."""
