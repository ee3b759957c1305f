"""How time reaches us: the sweeps, by Celery beat or by a thread of the one embedded process."""
