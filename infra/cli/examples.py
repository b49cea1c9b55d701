"""One example of each command, which its help shows."""

from collections.abc import Mapping
from types import MappingProxyType

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "dialtone announce": (
            "dialtone announce --to people.csv --flow water-off --from +13125550100 --consent 'customers, terms 4.2'"
            " --rate 5/s --dry-run"
        ),
        "dialtone bench": "dialtone bench cold-start",
        "dialtone call": "dialtone call +15550100 --speed 5",
        "dialtone calls list": "dialtone calls list --since 2h --outcome failed",
        "dialtone calls show": "dialtone calls show 428c31b6-abf3-3bc1-b7f4-5013ef9657c1",
        "dialtone calls tail": "dialtone calls tail --stack prod",
        "dialtone campaigns cancel": "dialtone campaigns cancel water-off --reason 'the water is back'",
        "dialtone campaigns list": "dialtone campaigns list --limit 5",
        "dialtone campaigns pause": "dialtone campaigns pause water-off",
        "dialtone campaigns report": "dialtone campaigns report water-off --csv water-off.csv --svg water-off.svg",
        "dialtone campaigns resume": "dialtone campaigns resume water-off",
        "dialtone campaigns show": "dialtone campaigns show water-off --watch",
        "dialtone campaigns suppress add": "dialtone campaigns suppress add +13125550142 --reason 'asked by mail'",
        "dialtone campaigns suppress import": "dialtone campaigns suppress import do-not-call.csv --reason register",
        "dialtone campaigns suppress list": "dialtone campaigns suppress list --json",
        "dialtone campaigns suppress remove": "dialtone campaigns suppress remove +13125550142",
        "dialtone completion": "dialtone completion bash >> ~/.bashrc",
        "dialtone connect": "dialtone connect --dry-run",
        "dialtone demo": "dialtone demo",
        "dialtone console": "dialtone console --stack prod",
        "dialtone deploy": "dialtone deploy prod",
        "dialtone dial": "dialtone dial +15550161 --flow announcement --from +15550100 --set name=Ada",
        "dialtone disconnect": "dialtone disconnect --stack prod",
        "dialtone doctor": "dialtone doctor --stack prod",
        "dialtone events resend": "dialtone events resend --stack prod",
        "dialtone flow diff": "dialtone flow diff HEAD~1 --format html --output out",
        "dialtone flow draw": "dialtone flow draw main-menu --watch",
        "dialtone flow lint": "dialtone flow lint --strict",
        "dialtone flow replay": "dialtone flow replay --last 100",
        "dialtone flow schema": "dialtone flow schema --write",
        "dialtone flow test": "dialtone flow test main-menu --cover 100",
        "dialtone flow test-from": "dialtone flow test-from 428c31b6 --append flows/main-menu.test.yaml",
        "dialtone logs": "dialtone logs --errors --since 2h",
        "dialtone new": "dialtone new my-line --template voicemail",
        "dialtone numbers": "dialtone numbers --json",
        "dialtone publish": "dialtone publish --percent 10 -m 'Spring hours'",
        "dialtone recordings erase": "dialtone recordings erase --caller +15550142 --dry-run",
        "dialtone recordings export": "dialtone recordings export --since 2026-11-01 --to november",
        "dialtone recordings hold": "dialtone recordings hold 428c31b6-abf3-3bc1-b7f4-5013ef9657c1",
        "dialtone recordings list": "dialtone recordings list --since 2026-11-30 --status failed",
        "dialtone recordings redrive": "dialtone recordings redrive --stack prod",
        "dialtone recordings release": "dialtone recordings release 428c31b6-abf3-3bc1-b7f4-5013ef9657c1",
        "dialtone recordings show": "dialtone recordings show 428c31b6-abf3-3bc1-b7f4-5013ef9657c1 --json",
        "dialtone recordings verify": "dialtone recordings verify --since 2026-11-30",
        "dialtone replay": "dialtone replay --list",
        "dialtone rollback": "dialtone rollback --to 3",
        "dialtone rollback-code": "dialtone rollback-code --stack prod",
        "dialtone secret": "dialtone secret --stack prod",
        "dialtone after-restore": "dialtone after-restore --stack prod --dry-run",
        "dialtone uninstall": "dialtone uninstall --stack dev",
        "dialtone up": "dialtone up --pace 5",
        "dialtone versions": "dialtone versions --changes",
    }
)
