"""What Sphinx is told of the documentation site. `python -m docs.site` gives it the version."""

project = "llmmon"
extensions = ["myst_parser", "sphinx_antsibull_ext"]

# Anchors of headings are GitHub's, so that a link holds in both places.
myst_heading_anchors = 6
# What looks like a quote or a dash in these pages is meant to be copied.
smartquotes = False
highlight_language = "none"

# A theme without fonts, scripts or styles of other hosts: the site is read in closed networks, too.
html_theme = "furo"
html_show_copyright = False
html_copy_source = False
html_use_index = False
