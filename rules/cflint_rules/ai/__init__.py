"""Rules about AI models: what a chat completion may lack, and the parameters that a model accepts."""
