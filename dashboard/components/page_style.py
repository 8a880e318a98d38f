"""The style that pages without a sidebar share: in a narrow window the sidebar has the links to the other pages."""

WITHOUT_SIDEBAR = """<style>
.stMainBlockContainer { padding: 4.5rem 2rem 2rem; max-width: 1800px; }
@media (max-width: 1000px) { .stMainBlockContainer { padding: 4.5rem 1rem 2rem; } }
@media (min-width: 768px) { [data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none; } }
</style>"""
