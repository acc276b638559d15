"""What Sphinx is told of the documentation site. `python -m docs.site` gives it the version."""

from typing import Any

from docutils import nodes

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

# antsibull-docs refers to pages of Ansible's own documentation. Sphinx would fetch a list of them from there.
ANSIBLE = "https://docs.ansible.com/ansible/latest"
ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def _ansible_page(_app: Any, _environment: Any, missing: Any, text: Any) -> Any:
    label = missing["reftarget"]
    page = ANSIBLE_PAGES.get(label)
    match label.split("."):
        case ["ansible_collections", namespace, collection, plugin] if namespace != "llmmon":
            page = f"collections/{namespace}/{collection}/{plugin}.html"
    return nodes.reference("", "", text, internal=False, refuri=f"{ANSIBLE}/{page}") if page else None


def setup(app: Any) -> None:
    app.connect("missing-reference", _ansible_page)
