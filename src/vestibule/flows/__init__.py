"""What a person can do: the listing of this folder is the table of contents of the product."""
