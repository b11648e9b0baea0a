from .partner import router
