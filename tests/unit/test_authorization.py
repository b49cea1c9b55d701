"""Who sends a request to the control API, and what they may."""

from typing import Any

import pytest

from control.authorization import ALL, requester_of, role_for

ADA = "arn:aws:sts::123456789012:assumed-role/desk/ada"


def asked(**authorizer: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return {"requestContext": {"authorizer": authorizer}}


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        ("[listen control]", {"listen", "control"}),
        ("listen, erase", {"listen", "erase"}),
        (["control"], {"control"}),
        ("[listeners]", set()),
        ("", set()),
        (None, set()),
    ],
)
def test_a_token_has_the_roles_of_its_groups(groups: object, roles: set[str]) -> None:
    requester = requester_of(asked(jwt={"claims": {"email": "ada@example.com", "sub": "1", "cognito:groups": groups}}))

    assert (requester.name, set(requester.roles)) == ("ada@example.com", roles)


def test_a_token_without_claims_may_nothing() -> None:
    assert requester_of(asked(jwt=None)) == ("unknown", frozenset())


def test_who_signs_may_what_iam_has_let_pass() -> None:
    assert requester_of(asked(iam={"userArn": ADA})) == (ADA, ALL)
    assert requester_of({}) == ("unknown", ALL), "nothing is signed on a developer's machine"


def test_reading_acting_and_deleting_are_three_roles() -> None:
    assert [role_for(each) for each in ("GET", "post", "DELETE", "HEAD")] == ["listen", "control", "erase", "listen"]
