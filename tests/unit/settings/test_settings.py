import pytest

import settings
from app import create_app
from settings import SettingsError, can_be_public_url, converters, from_environ

GOOD = {
    "SECRET_KEY": "0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c",
    "VINLI_APP_ID": "3f9f2f06-1111-4222-8333-abcdefabcdef",
    "VINLI_APP_SECRET": "app-secret-value",
    "VINLI_CLIENT_ID": "client",
    "VINLI_CLIENT_SECRET": "client-secret-value",
}


def problems_of(**changes):
    with pytest.raises(SettingsError) as caught:
        from_environ({**GOOD, **changes})
    return caught.value.problems


def test_defaults_follow_the_documents():
    found = from_environ(GOOD)
    assert found.public_url == "http://127.0.0.1:8000"
    assert found.vinli_auth_url == "https://auth.vin.li"
    assert found.vinli_behavioral_url == "https://behavioral.vin.li"
    assert found.vinli_concurrency == 16
    assert found.redirect_uri == "http://127.0.0.1:8000/connect/callback"
    assert found.sandbox_origin is None
    assert found.operator_password is None


def test_every_missing_setting_is_named_in_one_message():
    with pytest.raises(SettingsError) as caught:
        from_environ({"VINLI_CONCURRENCY": "many"})
    message = str(caught.value)
    for name in ("SECRET_KEY", "VINLI_APP_ID", "VINLI_APP_SECRET", "VINLI_CLIENT_ID", "VINLI_CONCURRENCY"):
        assert name in message
    assert "6 settings need attention" in message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "change-me-change-me-change-me-change-me"),
        ("SECRET_KEY_FALLBACKS", "short"),
        ("SECRET_KEY_FALLBACKS", GOOD["SECRET_KEY"]),
        ("PUBLIC_URL", "http://cars.example.com"),
        ("PUBLIC_URL", "https://cars.example.com/app"),
        ("PUBLIC_URL", "https://user@cars.example.com"),
        ("PUBLIC_URL", "https://cars.example.com/#"),
        ("PUBLIC_URL", "ftp://cars.example.com"),
        ("PUBLIC_URL", "https://cars.example.com:99999"),
        ("VINLI_AUTH_URL", "http://auth.vin.li"),
        ("VINLI_AUTH_URL", "auth.vin.li"),
        ("VINLI_AUTH_URL", "https://auth.vin.li:0"),
        ("VINLI_STACK", "vin.li/evil"),
        ("VINLI_STACK", "vin.li"),
        ("VINLI_APP_ID", "with:colon"),
        ("VINLI_APP_ID", converters.SAMPLE_APP_ID),
        ("VINLI_APP_SECRET", converters.SAMPLE_APP_SECRET),
        ("VINLI_CONCURRENCY", "0"),
        ("VINLI_CONCURRENCY", "65"),
        ("VINLI_CONCURRENCY", "²"),
        ("VINLI_PKCE", "perhaps"),
        ("TRUSTED_PROXIES", "-1"),
        ("STORE_URL", "mysql://db"),
        ("STORE_URL", "sqlite:///:memory:"),
        ("STORE_URL", "sqlite:///"),
        ("STORE_URL", "sqlite:///store?mode=ro"),
        ("OPERATOR_PASSWORD", "short"),
        ("RATE_LIMIT_CONNECT", "lots"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example,null"),
        ("CA_BUNDLE", "no/such/file.pem"),
        ("HTTPS_PROXY", "proxy"),
        ("VINLI_WEB_CLIENT_ID", "client"),
        ("VINLI_WORKBENCH_CLIENT_ID", "with:colon"),
        ("VINLI_CLIENT_SECRET", "half a \udc80 text"),
        ("ANYLINE_AUTH_URL", "https://auth.anyline.com/oauth/token"),
        ("ANYLINE_API_URL", "http://api.anyline.com"),
        ("ANYLINE_CLIENT_SECRET", "two\nlines"),
        ("AYYEKA_KEY", "with:colon"),
        ("AYYEKA_URL", "restapi.ayyeka.com"),
        ("ASPOSE_URL", "https://api.aspose.cloud/v4.0"),
        ("ASPOSE_STORAGE", "tab\there"),
        ("INSTYLE_API_BASE_URL", "http://api.instyle.ai/customer"),
        ("INSTYLE_API_BASE_URL", "https://api.instyle.ai/customer?key=1"),
        ("INSTYLE_API_BASE_URL", "https://api.instyle.ai/a/../b"),
        ("INSTYLE_API_BASE_URL", "https://api.instyle.ai/a b"),
        ("INSTYLE_API_BASE_URL", "https://api.instyle.ai\\@evil.example"),
        ("INSTYLE_COGNITO_IDP", "cognito-idp.eu-west-1.amazonaws.com"),
        ("INSTYLE_COGNITO_IDP", "https://user@cognito-idp.eu-west-1.amazonaws.com/"),
        ("INSTYLE_API_KEY", "with blank"),
        ("INSTYLE_API_KEY", "schlüssel"),
        ("INSTYLE_SUPERUSER_API_KEY", "with blank"),
        ("INSTYLE_CUSTOMER", "with blank"),
        ("INSTYLE_TOKEN", "both"),
    ],
)
def test_a_malformed_setting_is_the_only_one_named(name, text):
    assert list(problems_of(**{name: text})) == [name]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("VINLI_WORKBENCH_CLIENT_ID", "VINLI_WORKBENCH_CLIENT_SECRET"),
        ("VINLI_WORKBENCH_CLIENT_SECRET", "VINLI_WORKBENCH_CLIENT_ID"),
    ],
)
def test_the_workbenchs_client_is_set_whole_or_not_at_all(given, missing):
    found = problems_of(**{given: "a-value"})
    assert list(found) == [missing]
    assert given in found[missing]
    from_environ(GOOD | {given: "a-value", missing: "another"})


@pytest.mark.parametrize("other", ["VINLI_CLIENT_ID", "VINLI_WEB_CLIENT_ID"])
def test_the_workbenchs_client_is_no_other_flows(other):
    bench = {"VINLI_WORKBENCH_CLIENT_ID": "an-id", "VINLI_WORKBENCH_CLIENT_SECRET": "a-value"}
    found = problems_of(**bench, **{other: "an-id"})
    assert list(found) == ["VINLI_WORKBENCH_CLIENT_ID"]
    assert other in found["VINLI_WORKBENCH_CLIENT_ID"]


def test_partners_are_optional_and_their_defaults_follow_the_documents():
    found = from_environ(GOOD)
    assert found.anyline_auth_url == "https://auth.anyline.com"
    assert found.anyline_api_url == "https://api.anyline.com"
    assert found.anyline_audience == "https://prod.cloud-api.anyline.com"
    assert found.anyline_scope == "cloudapi:tiresidewall"
    assert found.ayyeka_url == "https://restapi.ayyeka.com"
    assert found.aspose_url == "https://api.aspose.cloud"
    assert found.instyle_token == "id"


def test_what_a_partner_lacks_is_named():
    found = from_environ(GOOD)
    assert found.anyline_missing == ("ANYLINE_CLIENT_ID", "ANYLINE_CLIENT_SECRET")
    assert found.ayyeka_missing == ("AYYEKA_KEY", "AYYEKA_SECRET")
    assert found.aspose_missing == ("ASPOSE_CLIENT_ID", "ASPOSE_CLIENT_SECRET")
    assert found.instyle_missing == ("INSTYLE_API_BASE_URL", "INSTYLE_API_KEY")
    assert from_environ({**GOOD, "AYYEKA_KEY": "key"}).ayyeka_missing == ("AYYEKA_SECRET",)
    assert from_environ({**GOOD, "AYYEKA_KEY": "key", "AYYEKA_SECRET": "secret"}).ayyeka_missing == ()


def test_the_secret_hash_is_not_missed_where_it_can_be_computed():
    admin = {"INSTYLE_COGNITO_IDP": "https://idp.example/", "INSTYLE_CLIENT_ID": "c", "INSTYLE_USERNAME": "u"}
    admin |= {"INSTYLE_PASSWORD": "p"}
    superuser = {f"INSTYLE_SUPERUSER_{name}": "x" for name in ("API_KEY", "USERNAME", "PASSWORD")}
    superuser["INSTYLE_CUSTOMER"] = "acme"
    found = from_environ(GOOD | admin | superuser)
    assert found.instyle_admin_missing == ("INSTYLE_SECRET_HASH",)
    assert found.instyle_superuser_missing == ("INSTYLE_SUPERUSER_SECRET_HASH",)
    found = from_environ(GOOD | admin | superuser | {"INSTYLE_CLIENT_SECRET": "s"})
    assert found.instyle_admin_missing == found.instyle_superuser_missing == ()


def test_addresses_with_a_path_are_kept():
    found = from_environ(
        {
            **GOOD,
            "INSTYLE_API_BASE_URL": "https://api.instyle.ai/v1/",
            "INSTYLE_COGNITO_IDP": "http://127.0.0.1:9000/cognito/",
        }
    )
    assert found.instyle_api_base_url == "https://api.instyle.ai/v1"
    assert found.instyle_cognito_idp == "http://127.0.0.1:9000/cognito/"


@pytest.mark.parametrize("name", ["AUTHLIB_INSECURE_TRANSPORT", "OAUTHLIB_INSECURE_TRANSPORT"])
def test_switches_that_drop_tls_are_refused(name):
    assert name in problems_of(**{name: "1"})


def test_debug_is_refused_in_public_and_allowed_on_loopback():
    assert "FLASK_DEBUG" in problems_of(FLASK_DEBUG="1", PUBLIC_URL="https://cars.example.com")
    assert from_environ({**GOOD, "FLASK_DEBUG": "1"})


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Cars.Example.com/", "https://cars.example.com"),
        ("https://cars.example.com:443", "https://cars.example.com"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://platform.localhost:9000", "http://platform.localhost:9000"),
    ],
)
def test_origins_are_normalized(text, origin):
    assert from_environ({**GOOD, "PUBLIC_URL": text}).public_url == origin


def test_a_stack_may_carry_a_port():
    found = from_environ({**GOOD, "VINLI_STACK": ".localhost:9443"})
    assert found.vinli_trips_url == "https://trips.localhost:9443"
    assert found.sandbox_origin == "https://auth.localhost:9443"


def test_a_secret_comes_from_a_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text("from-the-file\n")
    rest = {name: text for name, text in GOOD.items() if name != "VINLI_APP_SECRET"}
    assert from_environ({**rest, "VINLI_APP_SECRET_FILE": str(path)}).vinli_app_secret == "from-the-file"


def test_a_secret_set_twice_or_unreadable_is_named(tmp_path):
    assert "VINLI_APP_SECRET_FILE" in problems_of(VINLI_APP_SECRET_FILE=str(tmp_path / "none"))
    rest = {name: text for name, text in GOOD.items() if name != "VINLI_APP_SECRET"}
    with pytest.raises(SettingsError) as caught:
        from_environ({**rest, "VINLI_APP_SECRET_FILE": str(tmp_path / "none")})
    assert list(caught.value.problems) == ["VINLI_APP_SECRET_FILE"]


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    path = tmp_path / ".env"
    path.write_text("".join(f"{name}={text}\n" for name, text in GOOD.items()) + "VINLI_CONCURRENCY=4\n")
    monkeypatch.setenv("VINLI_APP_ID", "from-the-environment")
    found = settings.load(path)
    assert (found.vinli_app_id, found.vinli_concurrency) == ("from-the-environment", 4)


def test_secrets_do_not_show():
    shown = repr(from_environ({**GOOD, "OPERATOR_PASSWORD": "the-operators-own"}))
    for secret in (
        GOOD["SECRET_KEY"],
        GOOD["VINLI_APP_SECRET"],
        GOOD["VINLI_CLIENT_SECRET"],
        "the-operators-own",
    ):
        assert secret not in shown
    assert "client" in shown


@pytest.mark.parametrize(
    "name",
    [
        "ANYLINE_CLIENT_SECRET",
        "AYYEKA_SECRET",
        "ASPOSE_CLIENT_SECRET",
        "INSTYLE_API_KEY",
        "INSTYLE_CLIENT_SECRET",
        "INSTYLE_PASSWORD",
        "INSTYLE_SECRET_HASH",
        "INSTYLE_SUPERUSER_API_KEY",
        "INSTYLE_SUPERUSER_PASSWORD",
        "INSTYLE_SUPERUSER_SECRET_HASH",
    ],
)
def test_secrets_of_partners_do_not_show_and_come_from_files(name, tmp_path):
    assert "hush-hush" not in repr(from_environ({**GOOD, name: "hush-hush"}))
    path = tmp_path / "secret"
    path.write_text("hush-hush\n")
    found = from_environ({**GOOD, f"{name}_FILE": str(path)})
    assert getattr(found, name.lower()) == "hush-hush"


def test_what_only_a_collaborator_can_judge_is_named_too(capsys):
    with pytest.raises(SystemExit) as caught:
        create_app(from_environ({**GOOD, "STORE_URL": "redis://127.0.0.1:port/0"}))
    assert caught.value.code != 0
    assert "STORE_URL" in capsys.readouterr().err


def test_a_bundle_without_certificates_is_named(tmp_path, capsys):
    path = tmp_path / "bundle.pem"
    path.write_text("no certificate")
    with pytest.raises(SystemExit):
        create_app(from_environ({**GOOD, "CA_BUNDLE": str(path)}))
    assert "CA_BUNDLE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://cars.example.com", True),
        ("http://[::1]:8000", True),
        ("http://localhost:8000", True),
        ("http://cars.example.com", False),
        ("https://Cars.example.com", False),
        ("https://cars.example.com:443", False),
        ("https://cars.example.com/", False),
        ("https://c\u00e4rs.example.com", False),
        ("https://cars.example.com:99999", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_what_public_url_could_be_is_told_to_the_letter(text, is_one):
    assert can_be_public_url(text) is is_one
