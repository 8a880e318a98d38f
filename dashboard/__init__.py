"""The Streamlit dashboard: it draws; everything that it computes is in `core`."""
