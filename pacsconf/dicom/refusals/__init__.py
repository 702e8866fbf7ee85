"""Every refusal in plain words: what it means, and whose turn it is."""
