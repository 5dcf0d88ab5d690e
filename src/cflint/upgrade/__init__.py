"""What a later compatibility date does to each Worker: compared with its code, and written in formats."""
