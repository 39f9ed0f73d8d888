"""The register's pages. In: requests of browsers. Out: HTML that works without scripts too."""
