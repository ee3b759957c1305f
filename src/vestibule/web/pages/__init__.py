"""The hosted pages: one module for each subject. They work without JavaScript."""
