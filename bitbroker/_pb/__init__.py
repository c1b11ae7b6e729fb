"""Code generated from schemas/ by `make generate`. Never edited by hand."""
