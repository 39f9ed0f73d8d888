"""The register: a place for every case. In: requests, commands. Out: events, answers, pages."""
