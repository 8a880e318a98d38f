"""Navigation: the list of pages. Each page is a function in `dashboard.pages`.

A page's `url_path` must not be the name of a module there: Streamlit's testing treats a folder named
`pages` as its older kind of multi-page app, and would run that module instead of this script.
"""

import streamlit as st

from annscope.dashboard import address
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.components.toolbar import toolbar
from annscope.dashboard.pages import datasets, draw, inspect, runs, train
from annscope.dashboard.server.assets import ASSETS

# The page links: their focus ring (Streamlit's own is a background hardly darker than the page), and room for them all.
LINKS = """<style>
[data-testid="stTopNavLink"]:focus-visible { outline: 2px solid light-dark(#2F6FDE, #6EA0FF); }
@media (max-width: 1000px) { [data-testid="stTopNavLink"] { padding-inline: 0.2rem; } }
</style>"""
SIDEBAR_WIDTH = 340  # pixels, in which no name of a setting or of a choice is cut
ABOUT = "annscope shows a small neural network, written in plain NumPy, while it learns."

st.set_page_config(
    page_title="annscope",
    page_icon=str(ASSETS / "page" / "icon.svg"),
    layout="wide",
    initial_sidebar_state=SIDEBAR_WIDTH,
    menu_items={
        "About": ABOUT
    },  # with an entry of its own, Streamlit shows its menu, which has the choice of the theme
)

pages = [
    st.Page(datasets.page, title="Data", icon=":material/dataset:", url_path="data"),
    st.Page(train.page, title="Train", icon=":material/model_training:", url_path="training", default=True),
    st.Page(runs.page, title="Runs", icon=":material/table_rows:", url_path="all-runs"),
    st.Page(inspect.page, title="Inspect", icon=":material/search:", url_path="classes"),
    st.Page(draw.page, title="Draw", icon=":material/draw:", url_path="drawing"),
]

address.remember_run()  # first: as soon as the links are there, another page may be opened
page = st.navigation(pages, position="top")
st.html(LINKS)
st.set_page_config(page_title=f"{page.title} · annscope")
toolbar(page.title)
with show_errors():
    page.run()
