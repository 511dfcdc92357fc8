"""Texts for differences between two redirect URIs and for flaws of one: title and explanation by code."""

from __future__ import annotations

WEB_SCHEMES = ("http", "https")
# A browser may run these, or read files of this machine through them. They never become a link.
SCRIPT_SCHEMES = frozenset(
    {"javascript", "data", "vbscript", "blob", "file", "about", "view-source", "filesystem"}
)

DIFFERENCES: dict[str, tuple[str, str]] = {
    "scheme_http_https": ("http and https", "One begins with http, the other with https."),
    "scheme_case": ("Scheme in another case", "The schemes differ in upper and lower case."),
    "custom_scheme": (
        "An app’s own scheme",
        "One of the two has a scheme that an app of a phone would register.",
    ),
    "other_scheme": ("Another scheme", "The schemes differ, and one of them is neither http nor https."),
    "userinfo": ("A user name before the host", "The texts before the @ differ."),
    "host_case": ("Host in another case", "The hosts differ in upper and lower case alone."),
    "loopback_name": (
        "localhost by another name",
        "localhost, 127.0.0.1 and [::1] all mean this machine, and are three different texts.",
    ),
    "www_prefix": ("www. before the host", "One host begins with www., the other does not."),
    "trailing_dot": ("A dot after the host", "One host ends in a dot, the other does not."),
    "idn_spelling": (
        "International host name spelled differently",
        "The same international name stands once in its own letters and once in punycode (xn--).",
    ),
    "ip_spelling": ("IP address spelled differently", "The same IP address is written in two ways."),
    "any_address": (
        "0.0.0.0 is no address to go to",
        "0.0.0.0 and [::] tell a server to listen everywhere. A browser cannot be sent there.",
    ),
    "other_host": ("Another host", "The two name different hosts."),
    "default_port": (
        "Default port spelled out",
        "One names the port that its scheme has anyway, the other leaves it out.",
    ),
    "other_port": ("Another port", "The ports differ."),
    "port_spelling": (
        "Port spelled differently",
        "The same port is written in two ways, once with zeros before it.",
    ),
    "port_missing": ("A port on one side alone", "One of the two names a port, the other does not."),
    "path_case": ("Path in another case", "The paths differ in upper and lower case alone."),
    "trailing_slash": ("A slash at the end", "One path ends in a slash, the other does not."),
    "doubled_slash": ("A doubled slash", "One path has two slashes in a row where the other has one."),
    "dot_segments": (
        "Dots in the path",
        "One path has a segment . or .., which a browser resolves before it asks and Vinli does not.",
    ),
    "percent_case": (
        "Percent-encoding in another case",
        "The same character is encoded once with small and once with capital letters, like %2f and %2F.",
    ),
    "needless_encoding": (
        "Needless percent-encoding",
        "A character that stands for itself is percent-encoded on one side, like %7E for ~.",
    ),
    "double_encoding": (
        "Encoded twice",
        "One side was percent-encoded once more, so that its % became %25, like %252F for %2F.",
    ),
    "blank_encoding": ("A blank spelled differently", "A blank is written as +, as %20 or as itself."),
    "unencoded_character": (
        "Letters that are not encoded",
        "A letter outside of ASCII is percent-encoded on one side and stands for itself on the other.",
    ),
    "lookalike_letter": (
        "A letter of another alphabet",
        "One of the two has a letter that looks like another one and is a different character.",
    ),
    "encoded_character": (
        "A character encoded on one side",
        "A character with a meaning of its own, like / or &, is percent-encoded on one side alone.",
    ),
    "pasted_end": (
        "Punctuation at the end",
        "One ends in a quote, a bracket, a dot, a comma or a blank, which often comes with a copied address.",
    ),
    "path_prefix": (
        "One path goes on where the other ends",
        "One is the beginning of the other, which is not enough: the whole text has to be the same.",
    ),
    "other_path": ("Another path", "The paths differ."),
    "query_order": ("Query in another order", "The same parameters stand in another order."),
    "query_parameter_missing": (
        "A query parameter is not registered",
        "The sent redirect URI has a query parameter that is not registered.",
    ),
    "query_parameter_added": (
        "A query parameter too many is registered",
        "The registered one has a query parameter that is not sent.",
    ),
    "query_parameter_different": ("A query parameter differs", "A query parameter has another value."),
    "empty_query": ("A question mark with nothing behind it", "One of the two has an empty query."),
    "fragment": (
        "A fragment",
        "What stands behind the # differs; a redirect URI must not have one at all (RFC 6749, section 3.1.2).",
    ),
    "surrounding_blanks": ("Blanks around it", "Blanks stand before or behind one of the two."),
    "invisible_characters": (
        "Characters that cannot be seen",
        "One of the two holds characters that cannot be seen. They often come from copying out of a document.",
    ),
    "backslash": ("A backslash", "One side has a backslash where the other has a slash."),
    "wildcard": (
        "A wildcard",
        "A * is registered. It has no special meaning: the whole texts are compared.",
    ),
    "not_absolute": (
        "No whole address",
        "One of the two lacks the scheme or the host, like https://cars.example.com.",
    ),
    "too_long": ("Too long", "One of the two is longer than 2,048 characters, and they are not the same."),
    "other": ("Not the same text", "The two differ, although all their parts mean the same."),
}

FLAWS: dict[str, tuple[str, str]] = {
    "not_absolute": (
        "No whole address",
        "A redirect URI needs a scheme and a host, like https://cars.example.com/back.",
    ),
    "bad_host": (
        "Not a valid host",
        "This is not a valid host: it has brackets, blanks or other characters that no host has.",
    ),
    "bad_port": ("Not a valid port", "The port is not a number from 1 to 65535."),
    "port_separator": (
        "No colon before the port",
        "Between host and port stands another character than a colon.",
    ),
    "port_behind_path": (
        "The port stands behind the path",
        "A port belongs directly behind the host, like https://cars.example.com:8443/back.",
    ),
    "ipv6_brackets": (
        "An IPv6 address without brackets",
        "An IPv6 address in a URI stands in brackets, like http://[::1]:8000 (RFC 3986, section 3.2.2).",
    ),
    "text_around": (
        "More than the address",
        "Other text or quotes stand around the address. The field takes the address alone.",
    ),
    "encoded_address": (
        "The whole address is percent-encoded",
        "It was encoded to be a part of another address, like https%3A%2F%2F for https://.",
    ),
    "any_address": (
        "0.0.0.0 is no address to go to",
        "0.0.0.0 and [::] tell a server to listen everywhere. A browser cannot be sent there.",
    ),
    "doubled_scheme": ("The scheme comes twice", "It begins with a scheme twice, like https://https://."),
    "broken_scheme": (
        "The beginning is broken",
        "After the scheme come a colon and two slashes, like https://, and this is written otherwise.",
    ),
    "several_addresses": (
        "Several addresses in one field",
        "The field holds more than one address, and is compared as one text.",
    ),
    "lookalike_letter": (
        "A letter of another alphabet",
        "It has a letter outside of ASCII, which may look like an ordinary one.",
    ),
    "fragment": (
        "A fragment",
        "A redirect URI must not have a fragment, the part behind a # (RFC 6749, section 3.1.2).",
    ),
    "wildcard": (
        "A wildcard",
        "A * has no special meaning: redirect URIs are compared as whole texts.",
    ),
    "userinfo": (
        "A user name before the host",
        "A user name or password before the host has no place in it.",
    ),
    "plain_http": (
        "http where https is required",
        "Plain http would carry the authorization code unprotected; it is for this machine’s own addresses alone.",
    ),
    "script_scheme": (
        "A scheme that runs scripts",
        "No authorization server should ever send a browser there.",
    ),
    "custom_scheme": ("An app’s own scheme", "Such a scheme opens an app on a phone, and never a web site."),
    "surrounding_blanks": ("Blanks around it", "Blanks stand before or behind it, and count."),
    "invisible_characters": (
        "Characters that cannot be seen",
        "It holds characters that cannot be seen, and they count. They often come from copying out of a document.",
    ),
    "dot_segments": ("Dots in the path", "A segment . or .. is resolved by the browser before it asks."),
    "backslash": ("A backslash", "Browsers read a backslash as a slash, servers do not."),
    "idn_spelling": (
        "International host name in its own letters",
        "Browsers send the host in punycode (xn--), so it has to be registered in punycode.",
    ),
    "too_long": ("Too long", "It is longer than 2,048 characters."),
}
