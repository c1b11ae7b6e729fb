"""Code generated from schemas/examples/ by `make generate`. Never edited by hand."""
