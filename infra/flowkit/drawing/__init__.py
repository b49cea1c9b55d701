"""Flows as pictures: laid out, drawn as SVG or Mermaid, and what changed between two of them."""
