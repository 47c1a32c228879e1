"""The ground floor: settings, errors, clock, units, evidence. Imports nothing of ours."""
