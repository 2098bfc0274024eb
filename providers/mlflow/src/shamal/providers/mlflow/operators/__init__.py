"""The operators of a model's way from training output to champion."""
