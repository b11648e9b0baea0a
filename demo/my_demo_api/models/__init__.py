from . import my_demo_app
from . import my_demo_service
