# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from pydantic import BaseModel, ConfigDict, Field

__all__ = ["EndpointAppInfo"]


class EndpointAppInfo(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    app: str
    auth_method: str = Field(validation_alias="my_demo_auth_method")
    root_path: str
