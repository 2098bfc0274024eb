"""The gates of a model as one suite: what is declared, what is measured, what each gate says."""
