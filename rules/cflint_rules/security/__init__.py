"""Rules about security: secrets, credentials, SQL injection, random numbers, and leaks into logs."""
