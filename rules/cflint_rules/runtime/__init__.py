"""Rules about the Workers runtime: promises, streams, global scope and Node.js compatibility."""
