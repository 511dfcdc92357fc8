import pytest

from sandbox.cli.arguments import parse_options


def test_defaults_are_those_of_the_application_beside_it():
    options = parse_options([])
    assert (options.host, options.port) == ("127.0.0.1", 9000)
    assert options.redirect_uri == "http://127.0.0.1:8000/connect/callback"
    assert options.implicit_redirect_uri == "http://127.0.0.1:8000/implicit/callback"
    assert (options.echo_state, options.refresh_token, options.expires_in) == (True, False, None)
    assert (options.pkce, options.denial, options.remember_consent, options.cors) == (
        "on",
        "redirect",
        True,
        True,
    )
    assert options.fleet_size == 4


@pytest.mark.parametrize(
    ("arguments", "size"),
    [([], 4), (["--drivers", "10"], 14), (["--devices", "0"], 0), (["--devices", "2", "--drivers", "3"], 2)],
)
def test_every_driver_has_a_device_unless_told_otherwise(arguments, size):
    assert parse_options(arguments).fleet_size == size


REDIRECT_URIS = ("--redirect-uri", "--implicit-redirect-uri", "--workbench-redirect-uri")
BAD_URIS = [
    "",
    "/relative",
    "http://l/cb#f",
    "http://l/c b",
    "http://l/ä",
    "http://l/\r\nX: y",
    "http://[::1",
]
BAD_URIS += ["http://l/".ljust(2049, "a")]


@pytest.mark.parametrize(
    "arguments",
    [
        *([option, uri] for option in REDIRECT_URIS for uri in BAD_URIS),
        ["--host", "0.0.0.0"],
        ["--host", "192.0.2.1"],
        ["--host", "example.com"],
        ["--port", "65536"],
        ["--port", "-1"],
        ["--devices", "x"],
        ["--devices", "1000001"],
        ["--latency-ms", "-5"],
        ["--echo-state", "yes"],
        ["--pkce", "maybe"],
        ["--public-url", "http://h/path"],
        ["--public-url", "ftp://h"],
        ["--public-url", "http://user@h"],
        ["--tls-cert", "only.pem"],
        ["--json", "--env"],
        ["--unknown"],
    ],
)
def test_what_makes_no_sense_ends_it_with_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        parse_options(arguments)
    assert caught.value.code == 2
    usage, problem, *rest = capsys.readouterr().err.splitlines()
    assert usage == "usage: python -m sandbox [options]"
    assert problem.startswith("python -m sandbox: error: ")
    assert rest == []


@pytest.mark.parametrize("arguments", [["--host", "::1"], ["--host", "127.9.9.9"], ["--host", "localhost"]])
def test_loopback_addresses_may_be_listened_on(arguments):
    assert parse_options(arguments).host == arguments[1]


def test_another_address_only_when_allowed():
    assert parse_options(["--host", "0.0.0.0", "--allow-remote"]).host == "0.0.0.0"


@pytest.mark.parametrize(
    "uri", ["myApp://", "li.vin.auth://done", "https://example.com/cb?x=1", "http://[::1]:8/cb"]
)
def test_redirect_uris_of_all_kinds_in_use_can_be_registered(uri):
    assert parse_options(["--redirect-uri", uri]).redirect_uri == uri


def test_a_public_url_loses_its_slash_and_may_name_the_service():
    assert parse_options(["--public-url", "https://h:1/"]).public_url == "https://h:1"
    url = "http://{service}.localhost:9000"
    assert parse_options(["--public-url", url]).public_url == url


def test_help_says_that_the_documents_leave_it_open(capsys):
    with pytest.raises(SystemExit):
        parse_options(["--help"])
    assert "Vinli's public documents do not say how these work" in capsys.readouterr().out


def test_hosts_for_notifications_are_named_one_by_one():
    assert parse_options([]).notify_hosts == ()
    assert parse_options(["--notify", "a.test", "--notify", "B.test"]).notify_hosts == ("a.test", "b.test")
