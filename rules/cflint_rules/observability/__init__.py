"""Rules about logs, traces and errors: whether a failure leaves a trace."""
