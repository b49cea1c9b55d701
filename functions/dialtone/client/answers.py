"""Types of the control API's responses. The API's OpenAPI description explains all fields."""

from dialtone.domain.control_answers import *  # noqa: F403 -- one definition, for the API and its clients
