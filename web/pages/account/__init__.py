"""One's own account. In: whoever is signed in. Out: password, one-time codes, language, looks."""
