"""Django's database layer, made cheaper where every request pays for it."""
