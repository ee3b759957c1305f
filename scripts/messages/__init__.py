"""The catalogues of our sentences: what the source says, and what each language makes of it (docs/languages.md)."""
