"""Rules about the run itself: suppression comments without effect, and rules that failed."""
