"""How runs and their parts look: HTML and SVG from plain data. Pure: text out, nothing read, no script in the page."""
