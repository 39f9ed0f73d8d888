"""The register over HTTP. In: requests. Out: answers, by an interface that describes itself."""
