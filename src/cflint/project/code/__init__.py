"""One module with its tree: classes, handlers, values, promises, flow, and edits of its text."""
