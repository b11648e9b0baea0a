from .locations import router, tasks_seen
