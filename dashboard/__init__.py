"""The Streamlit dashboard. It draws, and computes nothing that is not in core."""
