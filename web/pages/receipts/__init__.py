"""What has not come back: by age, recorded with one click. In: requests. Out: pages."""
