"""What a change does to the deployment of each Worker: compared, and written in formats."""
