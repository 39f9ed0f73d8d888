"""What tests share: engines that must be started, readings by hand, makers of records and packs."""
