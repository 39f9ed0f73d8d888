"""A register in service. In: a register. Out: schema, backups, health, figures, logs."""
