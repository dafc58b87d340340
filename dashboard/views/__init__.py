"""Pages that put several apps together, one module each."""
