"""Navigation: which pages there are. Each page is a function in `dashboard.pages`."""

import streamlit as st

from dashboard.pages import train

st.set_page_config(page_title="annscope", page_icon="🔬", layout="wide", initial_sidebar_state="expanded")

pages = [st.Page(train.page, title="Train", icon="🏋️", url_path="train", default=True)]

st.navigation(pages, position="top").run()
