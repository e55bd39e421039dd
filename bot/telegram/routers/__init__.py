"""Thin handlers: parse what came, call one use case, show one view."""
