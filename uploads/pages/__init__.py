"""The pages of the file library, and the one behind a share link."""
