"""A fuzzer: inputs that are broken or mean harm, made by structure, and what is asked of each."""
