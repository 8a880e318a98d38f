"""Images: augmentation for training, centring of a drawing."""
