"""gunicorn as the service runs it: requests received whole, answers sent by the loop."""
