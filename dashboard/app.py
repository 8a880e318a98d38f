"""Navigation: which pages there are. Each page is a function in `dashboard.pages`.

A page's `url_path` must not be the name of a module there: Streamlit's testing takes a folder named
`pages` for its older kind of multi-page app, and would run that module instead of this script.
"""

import streamlit as st

from dashboard.pages import draw, inspect, train

st.set_page_config(page_title="annscope", page_icon="🔬", layout="wide", initial_sidebar_state="expanded")

pages = [
    st.Page(train.page, title="Train", icon="🏋️", url_path="training", default=True),
    st.Page(inspect.page, title="Inspect", icon="🔎", url_path="classes"),
    st.Page(draw.page, title="Draw", icon="✏️", url_path="drawing"),
]

st.navigation(pages, position="top").run()
