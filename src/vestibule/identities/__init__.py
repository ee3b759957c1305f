"""Other providers that people come from: who they are, their protocols, and the identities that accounts have there."""
