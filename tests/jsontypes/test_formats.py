"""Each format takes what its standard says, and nothing else."""

from __future__ import annotations

import pytest

from tqrun.jsontypes.formats import FORMATS
from tqrun.jsontypes.patterns import BadPattern, search, states

TAKEN = {
    "date": ["2024-02-29", "0001-01-01"],
    "date-time": [
        *("2026-11-24T17:32:28Z", "2026-11-24t17:32:28.123456789z"),
        *("1998-12-31T23:59:60Z", "1998-12-31T15:59:60.5-08:00"),
    ],
    "duration": ["P4DT12H30M5S", "P4Y", "PT0S", "P1M", "PT1M", "P2W", "P1Y2M3D"],
    "email": ["joe@example.com", '"joe bloggs"@example.com', "a+b@[127.0.0.1]"],
    "hostname": ["localhost", "a-b.example.com", "xn--4gbwdl.xn--wgbh1c", "1.2"],
    "idn-email": ["실례@실례.테스트"],
    "idn-hostname": ["실례.테스트", "bücher.example"],
    "ipv4": ["192.168.0.1"],
    "ipv6": ["::1", "2001:db8::8:800:200c:417a", "::ffff:192.168.0.1"],
    "iri": ["http://ƒøø.ßår/?∂éœ=πîx#πîüx", "http://[2001:db8::1]/"],
    "iri-reference": ["/âππ", "#ƒrägmênt"],
    "json-pointer": ["", "/foo/bar~0/baz~1/%a", "/ /a\tb", "/é"],
    "regex": ["([abc])+\\s+$", ""],
    "relative-json-pointer": ["1", "0/foo/bar", "2/0/baz/1/zip", "0#", "120/foo"],
    "time": ["08:30:06Z", "23:59:60Z", "01:29:60+01:30", "08:30:06.283185+00:20"],
    "uri": [
        *("http://foo.bar/?baz=qux#quux", "mailto:John.Doe@example.com", "urn:isbn:0451450523"),
        *("ldap://[2001:db8::7]/c=GB?objectClass?one", "http://a:b@c.d:80/", "tel:+1-816-555-1212"),
        *("http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com", "file:///etc", "a:"),
    ],
    "uri-reference": ["", "/abc", "#frag", "a/b:c?d", "//foo.bar/?baz", "http://a"],
    "uuid": ["2EB8AA08-AA98-11EA-B4AA-73B441D16380", "00000000-0000-0000-0000-000000000000"],
}
REFUSED = {
    "date": ["2023-02-29", "2023-13-01", "20230101", "2023-W01-1", "২023-01-01", "2023-01-01\n"],
    "date-time": [
        *("2026-11-24 17:32:28Z", "2026-11-24T17:32:28", "2026-02-30T00:00:00Z"),
        *("1998-12-31T22:59:60Z", "2026-11-24T24:00:00Z", "2026-11-24T17:32:28+24:00", "T"),
    ],
    "duration": ["", "P", "PT", "4D", "P1", "P2D1Y", "P1D2H", "P2W1D", "PT1H1S", "P1.5D"],
    "email": ["joe", "@", "a@", "@b", "a b@c", "a@b c", "a@b@c"],
    "hostname": ["", "-a", "a-", "a..b", "a_b", "a" * 64, "a." * 150, "bücher.example", "a\n"],
    "idn-email": ["실례"],
    "idn-hostname": ["-실례", "실 례"],
    "ipv4": ["1.2.3", "256.1.1.1", "1.2.3.4/8", "01.2.3.4", " 1.2.3.4", "1"],
    "ipv6": ["12345::", "::1%eth0", "1::2::3", "::/8", "1:2"],
    "iri": ["/âππ", "âππ", "http://a b"],
    "iri-reference": ["\\\\ƒ", "a b", "#a\\b"],
    "json-pointer": ["a", "/~", "/~2", "#/a"],
    "regex": ["^(abc]", "(?=a)", "(" * 5_000, "a" * 1_001],
    "relative-json-pointer": ["/a", "-1/a", "01/a", "+1", "0##", ""],
    "time": ["08:30:06", "24:00:00Z", "22:59:60Z", "8:3:6Z", "08:30:06 Z", "08:30:06+2:00"],
    "uri": [
        *("//foo.bar/", "/abc", "bar", "", "http:// x", "http://a/%zz", "1http://a", "http://a\n"),
        *("http://[a", "http://a b", "http://ƒøø", "a:\\b", "http://a:b/"),
    ],
    "uri-reference": ["\\a", "a b", "#a#b", "http://[a", "%a"],
    "uuid": ["2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "g"],
}


def test_each_format_is_tried() -> None:
    assert TAKEN.keys() == REFUSED.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_its_standard_s(name: str) -> None:
    is_one = FORMATS[name]
    assert [text for text in TAKEN[name] if not is_one(text)] == []
    assert [text for text in REFUSED[name] if is_one(text)] == []


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        *[("", 1), ("abc", 4), ("a{3}", 4), ("a{2,5}b", 7), ("(a|b){3}", 7), ("a{2,}", 3)],
        *[("[a-z]{10}", 11), (r"[\]]{10}", 11), (r"\w{10}", 146), (r"\p{L}{10}", 146)],
        *[("(a{10}b){10}", 111), ("((a{5}){5}){5}", 126), (r"\(a\)", 4), ("[]a]{2}", 3)],
    ],
)
def test_the_size_of_a_pattern_counts_repetitions(pattern: str, size: int) -> None:
    assert states(pattern) == size


def test_a_reason_says_what_to_write() -> None:
    """The other reasons are those of `tqrun check`, in `cases/bad-pattern`."""
    for pattern in ("(?>a)", "(?#c)a", r"\N{DIGIT ONE}", r"a\e", r"a\h", r"\0", "*a"):
        with pytest.raises(BadPattern, match=r"write|takes a|not a regular expression: |NUL"):
            search(pattern)
