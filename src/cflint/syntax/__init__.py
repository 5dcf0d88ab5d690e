"""Trees and documents: what is written, without knowing what it means to a Worker."""
