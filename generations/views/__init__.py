"""The pages of dots, generations and voices: one module a page, or a few that belong together."""
