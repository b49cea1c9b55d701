"""A campaign as it is ordered, for tests that need one: `replace` what differs."""

from dialtone.domain.campaigns.campaign import Campaign, list_key
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.parser import read_flow

NOW = 1_790_000_000
"""When it was ordered and begins, in unix seconds."""

_TEXT = "flow: water-off\ngiven: {street: The street}\nsteps:\n  notice: {say: '{street}'}\n"
FLOW = LoadedFlow(read_flow("water-off.yaml", _TEXT), texts={"water-off.yaml": _TEXT})

CAMPAIGN = Campaign(
    id="water-off",
    flow="water-off",
    from_number="+15550100",
    consent="customers",
    list_key=list_key("water-off"),
    recipients=5,
    created_by="user/ada",
    created_at=NOW,
    starts_at=NOW,
    flow_version=FLOW.version,
)
