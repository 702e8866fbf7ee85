"""Why two application entities do not work together, likeliest cause first."""
