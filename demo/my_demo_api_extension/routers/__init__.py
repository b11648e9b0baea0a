from .echo2 import router
