"""The room of settings. In: forms. Out: units, users, series, what an office sets."""
