"""The local cloud: template.yaml on this machine, in an embedded AWS emulator."""
