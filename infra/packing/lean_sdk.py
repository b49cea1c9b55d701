"""Which modules of the telnyx package the functions load, and its indexes as they are read: asked of the SDK itself.

`python -m infra.packing.lean_sdk` prints it as JSON for `pack.py`. It is asked here, with the libraries of development
(one lock names one SDK for both): those in a package are for Lambda's processor, which need not be this machine's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from dialtone.adapters.telnyx_sdk import IndexLoader, TelnyxSdk


def lean_sdk(sdk: TelnyxSdk) -> dict[str, Any]:
    """Give the SDK's `version`, its `modules` by their files, and its `indexes` by name.

    Raises RuntimeError if it cannot be loaded leanly.
    """
    package = sdk.load()
    client = package.Telnyx(api_key="none is needed")
    for resource in (client.calls.actions, client.recordings, client.recording_transcriptions):
        _ = resource.with_raw_response
    if sdk.loaded_plainly:
        raise RuntimeError(f"the telnyx package cannot be loaded leanly: {sdk.reason}")
    around = Path(str(package.__file__)).parents[1]
    loaded = {name: module for name, module in sys.modules.items() if name.split(".")[0] == package.__name__}
    loaders = {name: getattr(module.__spec__, "loader", None) for name, module in sorted(loaded.items())}
    return {
        "version": package.__version__,
        "modules": sorted(Path(str(each.__file__)).relative_to(around).as_posix() for each in loaded.values()),
        "indexes": {
            name: loader.read()
            for name, loader in loaders.items()
            if isinstance(loader, IndexLoader) and "_names" in vars(loader)
        },
    }


if __name__ == "__main__":
    json.dump(lean_sdk(TelnyxSdk()), sys.stdout, sort_keys=True)
