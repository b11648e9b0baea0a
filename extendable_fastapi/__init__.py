from . import models
from . import schemas
from .schemas import StrictExtendableBaseModel
