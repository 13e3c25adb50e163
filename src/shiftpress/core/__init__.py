"""Foundation: params, components, paths, seeds, artefacts, records. Imports nothing above it."""
