"""The ASGI side of the dashboard: routes, the live view's WebSocket, security, assets, start and end."""
