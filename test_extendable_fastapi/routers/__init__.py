from .locations import plain_router, router, tasks_seen
