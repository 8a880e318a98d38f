"""Navigation: the list of pages. Each page is a function in `dashboard.pages`.

A page's `url_path` must not be the name of a module there: Streamlit's testing treats a folder named
`pages` as its older kind of multi-page app, and would run that module instead of this script.
"""

import streamlit as st

from annscope.dashboard import address
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.pages import draw, inspect, train

# The focus ring of the page links: Streamlit's own is a background hardly darker than the page.
FOCUS = "<style>[data-testid='stTopNavLink']:focus-visible { outline: 2px solid light-dark(#2F6FDE, #6EA0FF); }</style>"

st.set_page_config(page_title="annscope", page_icon="🔬", layout="wide", initial_sidebar_state="expanded")

pages = [
    st.Page(train.page, title="Train", icon="🏋️", url_path="training", default=True),
    st.Page(inspect.page, title="Inspect", icon="🔎", url_path="classes"),
    st.Page(draw.page, title="Draw", icon="✏️", url_path="drawing"),
]

address.remember_run()  # first: as soon as the links are there, another page may be opened
page = st.navigation(pages, position="top")
st.html(FOCUS)
with show_errors():
    page.run()
