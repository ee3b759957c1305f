"""How people and programs reach vestibule over HTTP: parse, admit, call one flow, render."""
