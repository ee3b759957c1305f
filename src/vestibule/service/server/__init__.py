"""gunicorn as this service runs it: requests are received whole, and answers are sent by the event loop."""
