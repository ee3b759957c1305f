"""How the world reaches us: parse, admit, call one flow, render."""
