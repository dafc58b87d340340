"""Speech engines: one small interface (``base``), one module an engine, a registry by name."""
