from . import controllers
from . import extensions
from . import models
