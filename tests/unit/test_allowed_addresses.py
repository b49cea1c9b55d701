"""Which addresses audio is downloaded from."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.allowed_addresses import (
    MAX_ADDRESS_CHARACTERS,
    Target,
    check_resolved,
    is_public,
    redirected,
    target_of,
)
from dialtone.domain.errors import AddressRefused

S3 = "https://s3.amazonaws.com/telephony-recorder-prod/1.wav?X-Amz-Signature=f00d&X-Amz-Expires=600"
STORAGE = Target("s3.amazonaws.com", 443, secure=True, path="/1.wav")


def test_an_address_is_taken_apart() -> None:
    found = target_of(S3)

    assert found == Target(
        "s3.amazonaws.com",
        443,
        secure=True,
        path="/telephony-recorder-prod/1.wav?X-Amz-Signature=f00d&X-Amz-Expires=600",
    )
    assert found.authority == "s3.amazonaws.com"
    assert target_of("https://[2606:4700::1]:8443").authority == "[2606:4700::1]:8443"
    assert target_of("HTTPS://bücher.example/a b/ü").host == "xn--bcher-kva.example"
    assert target_of("https://x.example/a b/ü").path == "/a%20b/%C3%BC"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://recordings.example/1.wav",
        "http://127.0.0.1/1.wav",
        "ftp://recordings.example/1.wav",
        "file:///etc/passwd",
        "gopher://127.0.0.1:9001/_GET",
        "data:audio/wav;base64,AAAA",
        "//recordings.example/1.wav",
        "recordings.example/1.wav",
        "https://",
        "https:///1.wav",
        "https://user:password@recordings.example/1.wav",
        "https://recordings.example\\@127.0.0.1/1.wav",
        "https://recordings.example@127.0.0.1/1.wav",
        "https://[::1/1.wav",
        "https://recordings.example:99999/",
        "https://recordings.example:0/",
        f"https://{'a' * 64}.example/",
        f"https://recordings.example/{'a' * MAX_ADDRESS_CHARACTERS}",
    ],
)
def test_what_is_not_https_to_a_plain_host_is_never_asked(address: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        target_of(address)

    assert "Signature" not in str(refused.value)
    assert "passw" not in str(refused.value)


@given(st.text(max_size=200) | st.text("https:/@[]\\#?%.:0a", max_size=60).map(lambda rest: f"https://{rest}"))
def test_any_text_is_a_target_with_one_line_to_ask_it_or_is_refused(text: str) -> None:
    try:
        found = target_of(text)
    except AddressRefused:
        return

    asked = f"{found.path}{found.authority}"
    assert found.secure
    assert found.path.startswith("/")
    assert asked.isascii()
    assert asked.isprintable()
    assert " " not in asked


def test_a_redirect_leads_where_it_says_and_is_judged_as_any_other() -> None:
    assert redirected(S3, "/2.wav") == "https://s3.amazonaws.com/2.wav"
    assert redirected(S3, "https://other.example/") == "https://other.example/"
    with pytest.raises(AddressRefused):
        target_of(redirected(S3, "http://s3.amazonaws.com/2.wav"))
    with pytest.raises(AddressRefused):
        redirected(S3, "https://[half/2.wav")


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 -- an address to be refused
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "169.254.100.1",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "233.252.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::10.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::7f00:1",
        "64:ff9b:1::808:808",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_no_address_off_the_public_internet_is_connected_to(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(AddressRefused, match="which is not an address on the public internet"):
        check_resolved(STORAGE, address)


@pytest.mark.parametrize("address", ["52.216.0.1", "8.8.8.8", "2606:4700::1", "2a05:d018::1", "64:ff9b::808:808"])
def test_addresses_on_the_public_internet_are_connected_to(address: str) -> None:
    check_resolved(STORAGE, address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_behind_nat64_is_judged_as_itself(address: IPv4Address) -> None:
    behind = IPv6Address(int(IPv6Address("64:ff9b::")) + int(address))

    assert is_public(behind) == is_public(address)


def test_the_local_setting_opens_this_machine_and_nothing_else() -> None:
    local = target_of("http://127.0.0.1:8080/1.wav", local=True)

    check_resolved(local, "127.0.0.1", local=True)
    check_resolved(local, "::1", local=True)
    for address in ("169.254.169.254", "10.0.0.1", "8.8.8.8"):  # not even a public host is asked in the clear
        with pytest.raises(AddressRefused):
            check_resolved(local, address, local=True)
    with pytest.raises(AddressRefused):
        target_of("ftp://127.0.0.1/1.wav", local=True)
