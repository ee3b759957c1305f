"""`make bench-peers`: what a request costs us and the services that people use instead, in one run."""
