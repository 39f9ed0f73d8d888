"""A live register: events in, changed outcomes out, and a journal that outlives the process."""
