"""Which modules of the telnyx package the functions load: asked of the SDK itself.

`python -m infra.packing.lean_sdk` prints it as JSON for `pack.py`. It is asked here, with the libraries of development
(one lock names one SDK for both): those in a package are for Lambda's processor, which need not be this machine's.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dialtone.adapters.telnyx_sdk import TelnyxSdk


def lean_sdk(sdk: TelnyxSdk) -> dict[str, Any]:
    """Return the SDK's `version`, and its `modules` by their files.

    Raises RuntimeError if it cannot be loaded leanly.
    """
    package = sdk.load()
    package.Telnyx(api_key="none is needed").close()
    if sdk.loaded_plainly:
        raise RuntimeError(f"the telnyx package cannot be loaded leanly: {sdk.reason}")
    around = Path(str(package.__file__)).parents[1]
    loaded = [module for name, module in sys.modules.items() if name.split(".")[0] == package.__name__]
    return {
        "version": package.__version__,
        "modules": sorted(Path(str(each.__file__)).relative_to(around).as_posix() for each in loaded),
    }


if __name__ == "__main__":
    json.dump(lean_sdk(TelnyxSdk()), sys.stdout, sort_keys=True)
