"""Carries out one attempt of one task, in any language: inputs, the user's function, catch, timeout, outputs, result.

It must start in a bare container: no metadata, no backends, no environments here.
"""
