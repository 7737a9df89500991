"""Verdicts on what a document claims; nothing below ``derive.app`` imports it."""
