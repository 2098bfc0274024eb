"""The parts of a model's spec, and how its file is read; `include.model_spec` puts them together."""
