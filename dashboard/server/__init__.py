"""The ASGI server of the dashboard: routes, the live view's WebSocket, security, assets, startup and shutdown."""
