"""Workers: which there are, what they reach, what they export, and the questions that cross files."""
